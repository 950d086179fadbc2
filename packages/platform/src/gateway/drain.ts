// Closing time: the door is shut for newcomers, guests finish their plates, and whoever only sits there is asked to leave after a
// moment. The moment matters: a client may be about to send on a connection it believes open, and gets an answer with `Connection: close`
// instead (HTTP/2: is told at once that no new stream is wanted, and those that were on their way are still answered).
import type { ServerHttp2Session } from 'node:http2';
import { Server } from 'node:net';
import type { Clock } from '@hale/base';
import type { GatewayServer } from './server.ts';
import { announceDrain } from './tls-server.ts';
import type { GatewayWorker } from './worker.ts';

/** How long idle connections are left open, so that a request already on its way meets an answer. */
const lingerMs = 1000;

export interface Door {
  readonly server: GatewayServer;
  /** Its HTTP/2 connections, where it has any. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
}

/** Resolves when every connection is closed, or the grace is over (what is left then is severed). */
export function drainDoors(
  worker: GatewayWorker,
  doors: readonly Door[],
  options: { clock: Clock; graceMs: number },
): Promise<void> {
  const { clock, graceMs } = options;
  worker.isDraining = true;
  const sessions = () => doors.flatMap((door) => [...door.sessions]);
  announceDrain(sessions());
  const linger = clock.after(Math.min(lingerMs, graceMs / 2), () => {
    for (const { server } of doors) server.closeIdleConnections();
    for (const session of sessions()) session.close();
  });
  const closed = Promise.all(
    doors.map(({ server }) => new Promise<void>((resolve) => stopAccepting(server, () => resolve()))),
  );
  return new Promise((resolve) => {
    const patience = clock.after(graceMs, () => {
      worker.totals.severed += worker.totals.inFlight;
      for (const { server } of doors) server.closeAllConnections();
      for (const session of sessions()) session.destroy();
      resolve();
    });
    closed.then(() => {
      linger.cancel();
      patience.cancel();
      resolve();
    });
  });
}

/** http.Server.close would cut idle connections at once, so net's own is called. */
function stopAccepting(server: GatewayServer, onClosed: () => void): void {
  Server.prototype.close.call(server, onClosed);
}
