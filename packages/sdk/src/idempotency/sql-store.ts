// The shelf in PostgreSQL: one table, made when it is first needed, and the database's own locks. It opens no connection of its own:
// a source (of pg, Drizzle, Kysely, Knex, TypeORM, Prisma) says how to run a transaction and a statement in it. Each request that it
// serves sweeps a little: expired records go in small batches, at most once a minute, and nothing runs when nobody asks.
import { type Clock, createSystemClock } from '@hale/base';
import { keyError } from './errors.ts';
import { createStatements, isTableName, type Statements } from './sql.ts';
import { sqlState } from './sql-state.ts';
import type { Claimed, IdempotencyStore, StoredRecord } from './store.ts';

export type Row = Readonly<Record<string, unknown>>;

/** What a library has to be able to do. `Tx` is its own transaction object, the one that its users know. */
export interface TransactionSource<Tx> {
  transact<T>(work: (tx: Tx) => Promise<T>, timeoutMs: number): Promise<T>;
  /** The first statement of a transaction always comes through here: a source may send it together with its `begin`. */
  query(tx: Tx, text: string): Promise<readonly Row[]>;
  /** Two statements, each with a snapshot of its own, in one trip to the server. Without it they are sent singly. */
  queryPair?(tx: Tx, texts: readonly [string, string]): Promise<readonly [readonly Row[], readonly Row[]]>;
  /** Whether a statement is under way in it: then nobody has to say that its owner lives. */
  isBusy?(tx: Tx): boolean;
}

export interface SqlStoreOptions {
  /** Default 'hale_idempotency', in the first schema of the search path. Made when it is not there. */
  readonly table?: string;
  /**
   * How long a transaction that asks nothing is left open, default 4,000: after that a key whose owner stands still is free
   * again and everything the owner did is undone. A living owner asks by itself, so a slow handler is not cut off.
   */
  readonly leaseMs?: number;
  readonly clock?: Clock;
}

const sweepEveryMs = 60_000;
const sweepRows = 500;
const sweepBatchesMax = 20;
const setupTimeoutMs = 10_000;

/** A store over `source`. Throws HALE_SDK_KEY_OPTION_INVALID. */
export function sqlStore<Tx>(source: TransactionSource<Tx>, options: SqlStoreOptions = {}): IdempotencyStore<Tx> {
  const { table = 'hale_idempotency', leaseMs = 4_000, clock = createSystemClock() } = options;
  if (!isTableName(table)) {
    throw keyError('HALE_SDK_KEY_OPTION_INVALID', `table '${table}' is no plain lower-case name (or schema.name)`);
  }
  if (!Number.isInteger(leaseMs) || leaseMs < 300 || leaseMs > 3_600_000) {
    throw keyError('HALE_SDK_KEY_OPTION_INVALID', `leaseMs is ${leaseMs}: a whole number from 300 to 3600000`);
  }
  const statements = createStatements(table, leaseMs);
  let prepared: Promise<boolean> | undefined;
  let watchesClient = false;
  let sweptMs = clock.mono();
  const ask = (tx: Tx, text: string) => source.query(tx, text);
  const pair = async (tx: Tx, texts: readonly [string, string]) =>
    source.queryPair === undefined
      ? ([await ask(tx, texts[0]), await ask(tx, texts[1])] as const)
      : source.queryPair(tx, texts);
  const prepare = async () => {
    prepared ??= source.transact((tx) => makeTable(ask.bind(undefined, tx), statements), setupTimeoutMs);
    try {
      watchesClient = await prepared;
    } catch (error) {
      prepared = undefined;
      throw error;
    }
  };
  const prune = async (countMax: number) =>
    (await source.transact((tx) => ask(tx, statements.prune(countMax)), setupTimeoutMs)).length;
  const sweep = async () => {
    sweptMs = clock.mono();
    for (let batch = 0; batch < sweepBatchesMax; batch++) if ((await prune(sweepRows)) < sweepRows) return;
  };
  return {
    leaseMs,
    async transact(work, timeoutMs) {
      await prepare();
      const result = await source.transact(work, timeoutMs);
      // A sweep that fails is made up for by the next one.
      if (clock.mono() - sweptMs >= sweepEveryMs) void sweep().catch(() => {});
      return result;
    },
    async claim(tx, claim) {
      // A statement of its own: its snapshot is taken after the lock was, so it sees what the last holder committed.
      const texts = [statements.claim(claim, watchesClient), statements.read(claim)] as const;
      const [[locks], [row]] = await pair(tx, texts).catch((error: unknown) => {
        if (sqlState(error) === undefinedTable) prepared = undefined;
        throw error;
      });
      return claimedOf(locks, row);
    },
    async holder(tx, claim) {
      const [row] = await ask(tx, statements.holder(claim));
      return row === undefined ? 'gone' : Number(row['same']) === 1 ? 'same' : 'other';
    },
    async keep(tx, claim, { answer, ttlMs }) {
      try {
        const rows = await ask(tx, statements.keep(claim, answer, ttlMs));
        return rows.length === 1 ? 'kept' : 'taken';
      } catch (error) {
        if (sqlState(error) === failedTransaction) return 'failed';
        throw error;
      }
    },
    async beat(tx) {
      if (source.isBusy?.(tx) !== true) await ask(tx, statements.beat);
    },
    isAlive: (tx) =>
      ask(tx, statements.beat).then(
        () => true,
        (error: unknown) => sqlState(error) === failedTransaction,
      ),
    async fencingToken(tx) {
      const [row] = await ask(tx, statements.fencingToken);
      return String(row?.['token']);
    },
    prune,
  };
}

const undefinedTable = '42P01';
const failedTransaction = '25P02';

/** Gives whether the server watches its clients: from PostgreSQL 14 on, and not on Windows. */
async function makeTable(ask: (text: string) => Promise<readonly Row[]>, statements: Statements): Promise<boolean> {
  const [found] = await ask(statements.lookForTable);
  if (Number(found?.['made']) !== 1) for (const text of statements.makeTable) await ask(text);
  return Number(found?.['number']) >= 140_000 && !/windows|mingw|visual c/i.test(String(found?.['words']));
}

function claimedOf(locks: Row | undefined, row: Row | undefined): Claimed {
  return { mine: Number(locks?.['mine']) === 1, record: row === undefined ? undefined : recordOf(row) };
}

function recordOf(row: Row): StoredRecord {
  return {
    fingerprint: String(row['fingerprint']),
    answer: {
      status: Number(row['status']),
      headers: JSON.parse(String(row['headers'])) as Record<string, string | string[]>,
      body: Buffer.from(String(row['body']), 'hex'),
    },
  };
}
