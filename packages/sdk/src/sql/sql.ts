// A service's way to its database: transactions that survive a failover, reads from a copy that say how old they may be, and no more people in the
// queue than can be served. Addresses come from what Hale told the process, and never change: behind them a relay follows the primary.
import { type Clock, createRng, createSystemClock, randomSeed } from '@hale/base';
import { inboundCall } from '../current-call.ts';
import type { Environment } from '../surroundings.ts';
import { Connections } from './connections.ts';
import type { SqlResult } from './driver.ts';
import { sqlError } from './errors.ts';
import { createLedger, isLedgerName, type Ledger } from './ledger.ts';
import { openLedger } from './ledger-table.ts';
import { createPatience, type Patience } from './patience.ts';
import { Reading } from './reading.ts';
import { withRemedy } from './rights.ts';
import { type Bench, type Isolation, type Transaction, transact } from './transaction.ts';

export interface SqlOptions {
  /** The address of the primary. Default: DATABASE_URL, or HALE_DB_<NAME> of the database named. */
  readonly url?: string;
  /** Where copies are read. Default: DATABASE_URL_RO or HALE_DB_<NAME>_RO; without one, reads go to `url`. */
  readonly readUrl?: string;
  /** Connections to the primary, and as many to copies. Default 10. */
  readonly connections?: number;
  /** How many may wait for one; the next is refused at once. Default 100. */
  readonly waitersMax?: number;
  /** The longest time from asking to the answer, retries included. Default 15,000; a caller who waits less bounds it further. */
  readonly timeoutMs?: number;
  /** The table by which a commit whose answer was lost is looked up. Default 'hale_commits', made when it is not there. False: none. */
  readonly ledger?: string | false;
  readonly env?: Environment;
  readonly clock?: Clock;
}

export interface TransactionOptions {
  /** Default: the database's own, which is 'read committed' unless somebody changed it. */
  readonly isolation?: Isolation;
  readonly timeoutMs?: number;
}

export interface ReadOptions {
  /**
   * How old what is read may be. 0: nothing that was committed before the call is missing. Left out: any age, mostly milliseconds. Throws
   * HALE_SDK_SQL_STALE when no primary can say how fresh a copy is.
   */
  readonly stalenessMaxMs?: number;
  readonly timeoutMs?: number;
}

export interface Sql {
  /**
   * One statement in a transaction of its own. Throws HALE_SDK_SQL_BUSY, HALE_SDK_SQL_TIMEOUT (both: not done), HALE_SDK_SQL_UNKNOWN
   * (may have been done), and what the server says of the statement, as pg gives it.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what a row is, only the statement knows
  query<Row = any>(text: string, values?: readonly unknown[], options?: TransactionOptions): Promise<SqlResult<Row>>;
  /**
   * Runs `work` in a transaction and commits it. `work` is run again when the connection breaks or the server undoes it (a conflict, a
   * failover): let it touch nothing but the database. A commit whose answer was lost is looked up, so the effect is there once. Throws as
   * `query` does, and whatever `work` throws (then nothing is committed).
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** The same from a copy, and only to read. */
  read<T>(work: (tx: Transaction) => Promise<T>, options?: ReadOptions): Promise<T>;
  close(): Promise<void>;
}

const timeoutDefaultMs = 15_000;
const timeoutMaxMs = 3_600_000;

/**
 * The database of this process. Under Hale use `service.sql()`, which closes it with the service. Throws HALE_SDK_SQL_NO_DATABASE,
 * HALE_SDK_SQL_OPTION_INVALID.
 *
 * @example
 * const sql = createSql();
 * const id = await sql.transaction(async (tx) => {
 *   const { rows } = await tx.query('insert into orders (sku) values ($1) returning id', [sku]);
 *   await tx.query('update stock set left = left - 1 where sku = $1', [sku]);
 *   return rows[0].id;
 * });
 */
export function createSql(name?: string, options: SqlOptions = {}): Sql {
  const { clock = createSystemClock(), env = process.env } = options;
  const { url, readUrl } = addressesOf(name, options, env);
  const { connections = 10, waitersMax = 100, timeoutMs = timeoutDefaultMs, ledger = 'hale_commits' } = options;
  checkNumber('connections', connections, { min: 1, max: 1_000 });
  checkNumber('waitersMax', waitersMax, { min: 0, max: 100_000 });
  checkNumber('timeoutMs', timeoutMs, { min: 1, max: timeoutMaxMs });
  if (ledger !== false && !isLedgerName(ledger)) {
    throw sqlError('HALE_SDK_SQL_OPTION_INVALID', `ledger '${ledger}' is no plain lower-case name (or schema.name)`);
  }
  const book: Ledger | undefined = ledger === false ? undefined : createLedger(ledger);
  const settings = { connections, waitersMax, name: env['HALE_REPLICA'] ?? 'hale-sdk', clock };
  const primary = new Connections({ ...settings, url });
  const copies = readUrl === undefined ? primary : new Connections({ ...settings, url: readUrl });
  const bench: Bench = { connections: primary, ledger: book, clock, rng: createRng(randomSeed()) };
  const reading = new Reading({ bench, copies });
  const table = openLedger(bench);
  const transaction: Sql['transaction'] = (work, more = {}) =>
    inTime(clock, more.timeoutMs ?? timeoutMs, async (patience) => {
      await table.prepare(patience);
      const begin = more.isolation === undefined ? 'begin' : `begin isolation level ${isolationOf(more.isolation)}`;
      return transact(bench, { work, begin, patience }).catch((error: unknown) => {
        throw withRemedy(error);
      });
    });
  return {
    transaction,
    query: (text, values, more) => transaction((tx) => tx.query(text, values), more),
    read: (work, more = {}) => {
      const { stalenessMaxMs } = more;
      if (stalenessMaxMs !== undefined) checkNumber('stalenessMaxMs', stalenessMaxMs, { min: 0, max: timeoutMaxMs });
      return inTime(clock, more.timeoutMs ?? timeoutMs, (patience) => reading.read({ work, patience, stalenessMaxMs }));
    },
    async close() {
      await Promise.all([primary.close(), ...(copies === primary ? [] : [copies.close()])]);
    },
  };
}

async function inTime<T>(clock: Clock, timeoutMs: number, work: (patience: Patience) => Promise<T>): Promise<T> {
  checkNumber('timeoutMs', timeoutMs, { min: 1, max: timeoutMaxMs });
  const callMs = (inboundCall()?.boundMs ?? Number.POSITIVE_INFINITY) - clock.mono();
  const patience = createPatience(clock, Math.max(0, Math.min(timeoutMs, callMs)));
  try {
    return await work(patience);
  } finally {
    patience.close();
  }
}

/** Throws HALE_SDK_SQL_NO_DATABASE. */
function addressesOf(
  name: string | undefined,
  options: SqlOptions,
  env: Environment,
): { readonly url: string; readonly readUrl: string | undefined } {
  const variable = name === undefined ? 'DATABASE_URL' : databaseVariable(name);
  const url = options.url ?? env[variable];
  if (url === undefined || url === '') {
    const known = Object.keys(env).filter((one) => one.startsWith('HALE_DB_') && !one.endsWith('_RO'));
    const which = known.length > 0 ? `; this process was told ${known.sort().join(', ')}` : '';
    throw sqlError('HALE_SDK_SQL_NO_DATABASE', `${variable} is not set${which}`);
  }
  return { url, readUrl: options.readUrl ?? (options.url === undefined ? env[`${variable}_RO`] : undefined) };
}

/** 'order-db' -> 'HALE_DB_ORDER_DB'. */
function databaseVariable(name: string): string {
  return `HALE_DB_${name.toUpperCase().replaceAll('-', '_')}`;
}

const isolations: readonly string[] = ['read committed', 'repeatable read', 'serializable'];

function isolationOf(isolation: Isolation): string {
  if (isolations.includes(isolation)) return isolation;
  throw sqlError('HALE_SDK_SQL_OPTION_INVALID', `isolation '${isolation}' is none of: ${isolations.join(', ')}`);
}

function checkNumber(name: string, value: number, bounds: { readonly min: number; readonly max: number }): void {
  if (Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return;
  const words = `${name} is ${value}: a whole number from ${bounds.min} to ${bounds.max}`;
  throw sqlError('HALE_SDK_SQL_OPTION_INVALID', words);
}
