// A customer who keeps the receipts: it writes numbered rows through the address that every service has, notes when each was acknowledged, and
// afterwards says which of them are missing. For drills on a database; its table is made and taken away by it.
import type { Clock } from '@hale/base';
import pg from 'pg';

export interface DrillLedger {
  /** Acknowledged so far. */
  readonly acknowledged: number;
  /** Mono ms of the first acknowledgement of a write that was sent after `sinceMs`; undefined while there is none. */
  firstAfter(sinceMs: number): number | undefined;
  /** Stops writing and looks: which acknowledgements are not there, by the mono ms at which each was given. Rejects when nobody can be asked. */
  settle(): Promise<{ readonly lostAtMs: readonly number[] }>;
  /** Stops writing; the table goes, where it can be reached. Safe to call twice. */
  close(): Promise<void>;
}

interface Receipt {
  readonly id: number;
  readonly sentMs: number;
  readonly ackedMs: number;
}

const table = 'hale_drill_ledger';
const writers = 2;
const paceMs = 8;
const retryMs = 25;
const connectMs = 15_000;
const answerMs = 10_000;

export async function openDrillLedger(url: string, clock: Clock): Promise<DrillLedger> {
  const receipts: Receipt[] = [];
  let isOpen = true;
  let next = 1;
  const pause = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const once = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = await connect(url);
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  };
  await once((client) => client.query(`drop table if exists ${table}; create table ${table} (id bigint primary key)`));
  const write = async (client: pg.Client): Promise<void> => {
    const id = next++;
    const sentMs = clock.mono();
    await client.query(`insert into ${table} values ($1)`, [id]);
    receipts.push({ id, sentMs, ackedMs: clock.mono() });
  };
  const writer = async () => {
    let client: pg.Client | undefined;
    while (isOpen) {
      try {
        client ??= await connect(url);
        await write(client);
        await pause(paceMs);
      } catch {
        // Not acknowledged: no receipt. The next one goes over a new connection.
        void client?.end().catch(() => {});
        client = undefined;
        await pause(retryMs);
      }
    }
    await client?.end().catch(() => {});
  };
  const all = Promise.all(Array.from({ length: writers }, writer));
  const stop = async () => {
    isOpen = false;
    await all;
  };
  return {
    get acknowledged() {
      return receipts.length;
    },
    firstAfter(sinceMs) {
      const after = receipts.filter((one) => one.sentMs >= sinceMs);
      return after.length === 0 ? undefined : Math.min(...after.map((one) => one.ackedMs));
    },
    async settle() {
      await stop();
      const { rows } = await once((client) => client.query<{ id: string }>(`select id from ${table}`));
      const there = new Set(rows.map(({ id }) => Number(id)));
      return { lostAtMs: receipts.filter(({ id }) => !there.has(id)).map(({ ackedMs }) => ackedMs) };
    },
    async close() {
      await stop();
      await once((client) => client.query(`drop table if exists ${table}`)).catch(() => {});
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    ...{ connectionString: url, application_name: 'hale-drill' },
    ...{ connectionTimeoutMillis: connectMs, query_timeout: answerMs },
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}
