// The cloakroom counter: every request that came in and has not yet left is counted, so that a process told to go
// knows when it is empty. From the goodbye on, each answer tells its caller to close the connection.
import type { Server, ServerResponse } from 'node:http';
import type { Clock } from '@hale/base';

export interface Traffic {
  readonly inFlight: number;
  /** Drains `server` with the rest. */
  watch(server: Server): void;
  /** A request has come in; it is counted until its answer is closed. */
  arrived(res: ServerResponse): void;
  /** From now on answers carry `Connection: close`. */
  sayGoodbye(): void;
  /**
   * Takes requests for `lingerMs` more, then stops accepting and waits for what is under way.
   * False when `withinMs` passed first and connections had to be cut.
   */
  finish(times: { readonly lingerMs: number; readonly withinMs: number }): Promise<boolean>;
}

export function createTraffic(clock: Clock): Traffic {
  const servers = new Set<Server>();
  const open = new Set<ServerResponse>();
  let goodbye = false;
  let closing = false;

  const sweep = () => {
    for (const server of servers) server.closeIdleConnections();
  };
  return {
    get inFlight() {
      return open.size;
    },
    watch: (server) => void servers.add(server),
    arrived(res) {
      open.add(res);
      if (goodbye) askToClose(res);
      res.once('close', () => {
        open.delete(res);
        // An answer whose head was sent before the goodbye could not ask for closing: its connection is idle from now on.
        if (closing) setImmediate(sweep);
      });
    },
    sayGoodbye() {
      goodbye = true;
      for (const res of open) askToClose(res);
    },
    async finish({ lingerMs, withinMs }) {
      if (lingerMs > 0) await pause(clock, lingerMs);
      closing = true;
      let clean = true;
      const deadline = clock.after(Math.max(0, withinMs - lingerMs), () => {
        clean = false;
        for (const server of servers) server.closeAllConnections();
      });
      await Promise.all([...servers].map(closeServer));
      deadline.cancel();
      return clean;
    },
  };
}

function askToClose(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('connection', 'close');
}

/** Resolves when the last connection is gone; idle ones are closed at once. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
