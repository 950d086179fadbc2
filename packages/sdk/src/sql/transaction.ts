// A transaction that survives its database: whatever breaks, it is either done once or said not to be.
//
//   connect ── begin ── work ── settle; commit ──acknowledged──> done
//      ^         │        │           │
//      │ nothing was      │           ├── undone by the server ──> again, or failed
//      │ committed: again │           └── no answer, or one that does not count
//      ├─────────<────────┘                        │ ask the book (ledger.ts), over a new connection
//      └──────────────── crossed out ──────────<───┴───── settled ──> done
//
// Asking goes on until somebody answers or time is up. Only then is the outcome unknown, and that is said.
import type { Clock, Rng } from '@hale/base';
import type { Connections, Line } from './connections.ts';
import type { DriverClient, SqlResult } from './driver.ts';
import { sqlError } from './errors.ts';
import { isSettled, type Lane, type Ledger } from './ledger.ts';
import type { Patience } from './patience.ts';
import { isCommitUnknown, isReadOnlyRefusal, verdictOf } from './verdict.ts';

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

export interface Transaction {
  // biome-ignore lint/suspicious/noExplicitAny: what a row is, only the statement knows
  query<Row = any>(text: string, values?: readonly unknown[]): Promise<SqlResult<Row>>;
  /** The client of pg on which the transaction is open, for a library of your own: `drizzle({ client: tx.client })`. */
  // biome-ignore lint/suspicious/noExplicitAny: its type belongs to pg, which not everybody has
  readonly client: any;
  /** From 1: how often the work was begun. */
  readonly attempt: number;
}

export interface Bench {
  readonly connections: Connections;
  /** Undefined: the commit whose answer is lost stays unknown. */
  readonly ledger: Ledger | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface Order<T> {
  readonly work: (tx: Transaction) => Promise<T>;
  readonly begin: string;
  readonly patience: Patience;
}

type Attempt<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'again'; readonly cause: unknown }
  /** `lane` holds the number of the commit. */
  | { readonly kind: 'unknown'; readonly value: T; readonly lane: Lane; readonly cause: unknown };

const pauseMinMs = 10;
const pauseMaxMs = 500;

export async function transact<T>(bench: Bench, order: Order<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const tried = await tryOnce(bench, order, attempt);
    if (tried.kind === 'done') return tried.value;
    if (tried.kind === 'unknown' && (await wasCommitted(bench, order.patience, tried))) return tried.value;
    await pauseBefore(bench, order.patience, { attempt, cause: tried.cause });
  }
}

async function tryOnce<T>(bench: Bench, order: Order<T>, attempt: number): Promise<Attempt<T>> {
  const late = () => timeout();
  let line: Line;
  try {
    line = await bench.connections.take(order.patience, late);
  } catch (error) {
    return againOrThrow(error);
  }
  let isClean = false;
  try {
    const value = await order.patience.within(runWork(line, order, attempt), late);
    const tried = await order.patience.within(commit(bench, line, value), () => unknown(undefined));
    isClean = tried.kind === 'done';
    if (tried.kind === 'unknown') line.keepLane();
    return tried;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'HALE_SDK_SQL_UNKNOWN') line.keepLane();
    // One that leads to a standby always will: only a new one finds out where the primary is now.
    isClean = !isReadOnlyRefusal(error) && (await rollBack(line, order.patience));
    return line.state.isBroken && verdictOf(error) === 'final' && !isOurs(error)
      ? { kind: 'again', cause: error }
      : againOrThrow(error);
  } finally {
    line.give(!isClean);
  }
}

async function runWork<T>({ client }: Line, { begin, work }: Order<T>, attempt: number): Promise<T> {
  await client.query(begin);
  return work({
    client,
    attempt,
    query: (text, values) => (values === undefined ? client.query(text) : client.query(text, values)),
  });
}

/** The receipt and the commit travel in one message: where the receipt fails, nothing after it is done. */
async function commit<T>({ ledger }: Bench, line: Line, value: T): Promise<Attempt<T>> {
  const { client, state, lane } = line;
  state.warnings = 0;
  try {
    const results: unknown = await client.query(ledger === undefined ? 'commit' : `${ledger.settle(lane)}; commit`);
    const last = (Array.isArray(results) ? results.at(-1) : results) as { readonly command?: string };
    // PostgreSQL answers a commit of what had failed with a rollback, politely.
    if (last.command === 'ROLLBACK') throw sqlError('HALE_SDK_SQL_FAILED_BEFORE', 'the transaction was rolled back');
    if (state.warnings === 0) return { kind: 'done', value };
    return { kind: 'unknown', value, lane, cause: new Error('the wait for the standbys was canceled') };
  } catch (error) {
    const failed = (error as { code?: unknown }).code;
    if (failed === '25P02')
      throw sqlError('HALE_SDK_SQL_FAILED_BEFORE', 'the transaction had failed before its commit', error);
    if (isOurs(error) || !(state.isBroken || isCommitUnknown(error))) throw error;
    return { kind: 'unknown', value, lane, cause: error };
  }
}

/** Asks until there is an answer. Throws HALE_SDK_SQL_UNKNOWN when time is up, or when there is no book to ask. */
async function wasCommitted(
  bench: Bench,
  patience: Patience,
  doubt: { readonly lane: Lane; readonly cause: unknown },
): Promise<boolean> {
  const { lane, cause } = doubt;
  if (bench.ledger === undefined) throw unknown(cause);
  for (let attempt = 1; ; attempt++) {
    const answer = await askOnce(bench, patience, lane);
    if (answer !== undefined) {
      // Its number is settled or crossed out, whatever comes late.
      bench.connections.returnLane(lane);
      return answer;
    }
    // The lane is left for ever: its number stays open.
    if (patience.remainingMs() === 0) throw unknown(cause);
    await patience.pause(pauseOf(bench.rng, attempt));
  }
}

/** Undefined: nobody answered, or with a word that does not count. */
async function askOnce({ connections, ledger }: Bench, patience: Patience, lane: Lane): Promise<boolean | undefined> {
  let line: Line | undefined;
  let isClean = false;
  try {
    line = await connections.take(patience, () => unknown(undefined));
    line.state.warnings = 0;
    const { rows } = await patience.within(line.client.query(ledger!.ask(lane)), () => unknown(undefined));
    isClean = true;
    return line.state.warnings === 0 ? isSettled(lane, rows[0]) : undefined;
  } catch (error) {
    // No room at the counter is no reason to know less: it is asked again.
    if (isOurs(error) || verdictOf(error) !== 'final' || isReadOnlyRefusal(error) || line?.state.isBroken === true)
      return undefined;
    throw unknown(error);
  } finally {
    line?.give(!isClean);
  }
}

function againOrThrow(error: unknown): { readonly kind: 'again'; readonly cause: unknown } {
  if (isOurs(error)) throw error;
  if (verdictOf(error) === 'final' && !isReadOnlyRefusal(error)) throw error;
  return { kind: 'again', cause: error };
}

/** Full jitter, so that those who broke together do not come back together. */
async function pauseBefore(
  { rng }: Bench,
  patience: Patience,
  what: { readonly attempt: number; readonly cause: unknown },
): Promise<void> {
  if (patience.remainingMs() > 0) await patience.pause(pauseOf(rng, what.attempt));
  if (patience.remainingMs() === 0) throw timeout(what.cause);
}

function pauseOf(rng: Rng, attempt: number): number {
  return pauseMinMs + rng.unit() * Math.min(pauseMaxMs, pauseMinMs * 2 ** Math.min(attempt, 10));
}

/** False: the connection is of no use any more. */
async function rollBack({ client, state }: Line, patience: Patience): Promise<boolean> {
  if (state.isBroken || patience.remainingMs() === 0) return false;
  return patience
    .within((client as DriverClient).query('rollback'), () => timeout())
    .then(
      () => true,
      () => false,
    );
}

function isOurs(error: unknown): boolean {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('HALE_');
}

function timeout(cause?: unknown): Error {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return sqlError('HALE_SDK_SQL_TIMEOUT', `the database did not do it in time${why}`, cause);
}

function unknown(cause: unknown): Error {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return sqlError('HALE_SDK_SQL_UNKNOWN', `nobody could say in time whether the commit happened${why}`, cause);
}
