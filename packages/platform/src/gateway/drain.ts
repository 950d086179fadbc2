// Closing time: the door is shut for newcomers, guests finish their plates, and whoever only sits there is asked to leave after a
// moment. The moment matters: a client may be about to send on a connection it believes open, and gets an answer with `Connection: close` instead.
import { Server } from 'node:net';
import type { Clock } from '@hale/base';
import type { GatewayServer } from './server.ts';
import type { GatewayWorker } from './worker.ts';

/** How long idle connections are left open, so that a request already on its way meets an answer. */
const lingerMs = 1000;

/** Resolves when every connection is closed, or the grace is over (what is left then is severed). */
export function drainServers(
  worker: GatewayWorker,
  servers: readonly GatewayServer[],
  options: { clock: Clock; graceMs: number },
): Promise<void> {
  const { clock, graceMs } = options;
  worker.isDraining = true;
  const linger = clock.after(Math.min(lingerMs, graceMs / 2), () => {
    for (const server of servers) server.closeIdleConnections();
  });
  const closed = Promise.all(
    servers.map((server) => new Promise<void>((resolve) => stopAccepting(server, () => resolve()))),
  );
  return new Promise((resolve) => {
    const patience = clock.after(graceMs, () => {
      worker.totals.severed += worker.totals.inFlight;
      for (const server of servers) server.closeAllConnections();
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
