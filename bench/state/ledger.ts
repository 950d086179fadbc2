// The clients of the state bench: a few connections that write numbered rows at a steady pace and note every answer, like people
// at a counter who keep their receipts. They know nothing of clusters: each tries its addresses in turn until one takes writes
// (pg_is_in_recovery is false), waits 25 ms between tries, and goes on. A receipt with notice 01000 ("canceling wait for
// synchronous replication") is no receipt: that row is on one node only.
import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import pg from 'pg';
import { type Account, accountFor, type Entry, firstWriteMs, type Stroke } from './account.ts';

const retryMs = 25;
const connectTimeoutMs = 1_000;
const answerTimeoutMs = 5_000;

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface LedgerOptions {
  /** Connection strings, tried in turn: one for a relay, one a node for a cluster. */
  readonly urls: readonly string[];
  /** 200. */
  readonly writesPerSecond?: number;
  /** 4. */
  readonly connections?: number;
  /** The ports that its clients speak from, one after the other; left out: the machine's choice. */
  readonly from?: PortRange | undefined;
}

export interface Ledger {
  /** Copied. */
  entries(): readonly Entry[];
  /** Resolves with the time to the first write after `stroke`, or with undefined when there was none within `boundMs`. */
  firstWrite(stroke: Stroke, boundMs: number): Promise<number | undefined>;
  /** Stops writing, and holds the receipts against the rows. Rejects when no address takes writes within `boundMs`. */
  settle(boundMs: number): Promise<Account>;
  /** Stops writing; safe to call twice. */
  close(): Promise<void>;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Makes the table `hale_ledger` when it is missing, and starts writing. Rejects when no address takes writes within `boundMs`. */
export async function openLedger(options: LedgerOptions, boundMs = 60_000): Promise<Ledger> {
  const { urls, from, writesPerSecond = 200, connections = 4 } = options;
  const run = randomUUID();
  const entries: Entry[] = [];
  let open = true;
  let lastId = 0;
  await withWriter({ urls, from }, boundMs, (client) =>
    client.query('create table if not exists hale_ledger (run text, id bigint, primary key (run, id))'),
  );

  const write = async (client: Writer): Promise<Entry['end']> => {
    const id = ++lastId;
    const sentMs = performance.now();
    client.forgetNotices();
    const end = await client.insert(run, id);
    entries.push({ id, sentMs, end, endMs: performance.now() });
    return end;
  };

  const writer = async (first: number) => {
    const everyMs = (1000 * connections) / writesPerSecond;
    let client: Writer | undefined;
    let turn = first;
    let due = performance.now() + (everyMs * first) / connections;
    while (open) {
      client ??= await connectWriter(urls[turn++ % urls.length] ?? '', from);
      if (client === undefined) {
        if (turn % urls.length === 0) await pause(retryMs);
        continue;
      }
      const early = due - performance.now();
      if (early > 0) await pause(early);
      // What could not be written during an outage is not made up for in a burst.
      due = Math.max(due, performance.now() - everyMs) + everyMs;
      if ((await write(client)) === 'acknowledged') continue;
      client.close();
      client = undefined;
      await pause(retryMs);
    }
    client?.close();
  };
  const writers = Array.from({ length: connections }, (_, index) => writer(index));
  const close = async () => {
    open = false;
    await Promise.all(writers);
  };
  return {
    entries: () => [...entries],
    async firstWrite(stroke, bound) {
      const endMs = performance.now() + bound;
      while (performance.now() < endMs) {
        const found = firstWriteMs(entries, stroke);
        if (found !== undefined) return found;
        await pause(retryMs);
      }
      return undefined;
    },
    async settle(bound) {
      await close();
      const { rows } = await withWriter({ urls, from }, bound, (client) =>
        client.query<{ id: string }>('select id from hale_ledger where run = $1', [run]),
      );
      return accountFor(entries, new Set(rows.map(({ id }) => Number(id))));
    },
    close,
  };
}

interface Writer {
  insert(run: string, id: number): Promise<Entry['end']>;
  forgetNotices(): void;
  readonly client: pg.Client;
  close(): void;
}

/** A connection to a node that takes writes; undefined when this one does not, or not yet. */
async function connectWriter(connectionString: string, from?: PortRange): Promise<Writer | undefined> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    application_name: 'hale-ledger',
    ...speakingFrom(from),
  });
  let onlyHere = false;
  // A connection that breaks between two writes is found by the next one.
  client.on('error', () => {});
  client.on('notice', ({ code }) => {
    if (code === '01000') onlyHere = true;
  });
  const close = () => void client.end().catch(() => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
    if (rows[0]?.standby !== false) throw new Error('a standby');
  } catch {
    close();
    return undefined;
  }
  return {
    client,
    close,
    forgetNotices() {
      onlyHere = false;
    },
    async insert(run, id) {
      try {
        await client.query('insert into hale_ledger (run, id) values ($1, $2)', [run, id]);
        return onlyHere ? 'in-doubt' : 'acknowledged';
      } catch (error) {
        // Class 25: refused before anything was written (a node that became a standby). All else may have been committed.
        const { code } = error as { code?: string };
        return code?.startsWith('25') ? 'refused' : 'in-doubt';
      }
    },
  };
}

let connected = 0;

/** For a client that is to speak from one of these ports. */
export function speakingFrom(range: PortRange | undefined): Pick<pg.ClientConfig, 'stream'> {
  if (range === undefined) return {};
  const { first, last } = range;
  const stream = () => {
    const socket = new Socket();
    const connect = socket.connect.bind(socket);
    const localPort = first + (connected++ % (last - first + 1));
    const from = (port: number, host: string) => connect({ port, host, localPort });
    return Object.assign(socket, { connect: from as Socket['connect'] });
  };
  return { stream };
}

async function withWriter<T>(
  { urls, from }: Pick<LedgerOptions, 'urls' | 'from'>,
  boundMs: number,
  ask: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const endMs = performance.now() + boundMs;
  let last: unknown;
  while (performance.now() < endMs) {
    for (const url of urls) {
      const writer = await connectWriter(url, from);
      if (writer === undefined) continue;
      try {
        return await ask(writer.client);
      } catch (error) {
        last = error;
      } finally {
        writer.close();
      }
    }
    await pause(retryMs);
  }
  throw new Error(`nobody took writes within ${boundMs} ms`, { cause: last });
}
