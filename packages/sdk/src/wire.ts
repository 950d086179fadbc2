// The cable: undici with bounded connections, loaded at the first call, so that a service that calls nobody does not carry it in
// memory. One pool for each replica, closed when the replica has left the table. It knows nothing of retries.
import type { Dispatcher, Pool } from 'undici';

export interface Wire {
  /** The pool for an origin; a promise only until undici is loaded. */
  poolOf(origin: string): Pool | Promise<Pool>;
  /** The origins that may still be called; the others' pools are closed when what is under way has ended. */
  keep(origins: ReadonlySet<string>): void;
  close(): Promise<void>;
}

export type Handler = Dispatcher.DispatchHandler;

const connectTimeoutMs = 1_000;

export function createWire(connectionsMax: number): Wire {
  let undici: typeof import('undici') | undefined;
  const pools = new Map<string, Pool>();
  const open = (origin: string): Pool => {
    const pool = new undici!.Pool(origin, {
      ...{ connections: connectionsMax, pipelining: 1, connect: { timeout: connectTimeoutMs } },
      // Every call stands on the patience list.
      ...{ headersTimeout: 0, bodyTimeout: 0 },
    });
    pools.set(origin, pool);
    return pool;
  };
  const load = async (origin: string) => {
    undici ??= await import('undici');
    return pools.get(origin) ?? open(origin);
  };
  return {
    poolOf(origin) {
      const known = pools.get(origin);
      if (known !== undefined) return known;
      return undici === undefined ? load(origin) : open(origin);
    },
    keep(origins) {
      for (const [origin, pool] of pools) {
        if (origins.has(origin)) continue;
        pools.delete(origin);
        void pool.close();
      }
    },
    async close() {
      const closing = [...pools.values()].map((pool) => pool.close());
      pools.clear();
      await Promise.all(closing);
    },
  };
}
