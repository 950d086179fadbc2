// The cloakroom's one rule: a coat is hung up and its ticket written in the same moment, or neither is. The work of a keyed request
// and the record of its answer commit in one transaction; a crash between the two cannot exist. States and reasons: decision 0006.
//
//   opening -> claiming -+-> replayed | reused | in-progress          (nothing was begun)
//                        +-> working -+-> discarded | undone          (rolled back)
//                                     +-> keeping -> committing -> fresh
//                                              +----------+---> resolving -> replayed | undone | unknown
//
// It never guesses: when the connection breaks while the commit is under way, the key itself is asked what became of it.
import type { Clock } from '@hale/base';
import type { Answer, Claim, Holder, IdempotencyStore, StoredRecord } from './store.ts';
import { createWatch, type Watch } from './watch.ts';

export type Work<Tx> = (attempt: { readonly tx: Tx; readonly signal: () => AbortSignal }) => Promise<Answer>;

export interface OnceTimes {
  /** How long a request waits for another one with its key before it is told that one is in progress. */
  readonly waitMs: number;
  /** Longest time to open a transaction and claim the key; and again to keep the record and commit. */
  readonly storeTimeoutMs: number;
  readonly workTimeoutMs: number;
  /** Longest time to find out what became of a commit. */
  readonly resolveMs: number;
  readonly ttlMs: number;
}

export interface OnceRequest<Tx> {
  readonly store: IdempotencyStore<Tx>;
  readonly claim: Claim;
  readonly work: Work<Tx>;
  /** Whether an answer is kept; the work behind one that is not is rolled back. */
  readonly keeps: (answer: Answer) => boolean;
  /** Which of an answer's headers are kept with it. */
  readonly keptHeaders: (headers: Answer['headers']) => Answer['headers'];
  readonly times: OnceTimes;
  readonly clock: Clock;
}

export type OnceResult =
  | { readonly kind: 'fresh' | 'replayed' | 'discarded'; readonly answer: Answer }
  | { readonly kind: 'reused' | 'in-progress' | 'timed-out' | 'swallowed' }
  /** `began`: the handler ran and was rolled back. */
  | { readonly kind: 'undone'; readonly began: boolean; readonly cause: unknown }
  | { readonly kind: 'unknown'; readonly cause: unknown }
  | { readonly kind: 'threw'; readonly error: unknown };

type Phase = 'opening' | 'claiming' | 'working' | 'keeping' | 'committing';
/** `free`: nobody held the key and it has no record. `gone`, `contested`: who held it, or that another payload did, just now. */
type Turn = OnceResult | { readonly kind: 'free' } | { readonly kind: 'gone' } | { readonly kind: 'contested' };

const firstPauseMs = 20;
const longestPauseMs = 200;
/** The holder may have gone and another come, again and again: after this many the request says so instead of trying on. */
const goneMax = 5;

/** Does the work once for its key. Rejects never: what went wrong is a result. */
export async function runOnce<Tx>(request: OnceRequest<Tx>): Promise<OnceResult> {
  const { clock, times } = request;
  const untilMs = clock.mono() + times.waitMs;
  for (let turn = 0, gone = 0; ; turn++) {
    const result = await attempt(request, request.work);
    if (result.kind === 'contested') return { kind: 'reused' };
    if (result.kind === 'gone' || result.kind === 'free') {
      if (++gone < goneMax) continue;
    } else if (result.kind !== 'in-progress') return result;
    const leftMs = untilMs - clock.mono();
    if (leftMs <= 0) return { kind: 'in-progress' };
    await pause(clock, Math.min(leftMs, longestPauseMs, firstPauseMs * 2 ** Math.min(turn, 10)));
  }
}

/** Ends a transaction without a commit; what it stands for is in `result`. */
class RolledBack extends Error {
  readonly result: OnceResult;
  constructor(result: OnceResult) {
    super('rolled back by the idempotency rule');
    this.result = result;
  }
}

/** One transaction. Without `work` it only looks, holding the key: that proves that no other transaction on it is open. */
async function attempt<Tx>(request: OnceRequest<Tx>, work: Work<Tx> | undefined): Promise<Turn> {
  const { store, claim, clock, times } = request;
  const watch = createWatch(clock);
  const state: { phase: Phase; found: Turn | undefined } = { phase: 'opening', found: undefined };
  const enter = (phase: Phase, withinMs: number | undefined) => {
    watch.check();
    state.phase = phase;
    watch.set(withinMs);
  };
  const body = async (tx: Tx): Promise<void> => {
    enter('claiming', times.storeTimeoutMs);
    const { mine, record } = await store.claim(tx, claim);
    watch.check();
    if (record !== undefined) state.found = readingOf(record, claim);
    else if (!mine) state.found = turnOf(await store.holder(tx, claim));
    else if (work === undefined) state.found = { kind: 'free' };
    else {
      enter('working', undefined);
      const answer = await perform({ request, work, tx, watch });
      enter('keeping', times.storeTimeoutMs);
      await keep(request, tx, answer);
      enter('committing', times.storeTimeoutMs);
      state.found = { kind: 'fresh', answer };
    }
  };
  try {
    watch.set(times.storeTimeoutMs);
    await watch.race(store.transact(body, times.workTimeoutMs + 2 * times.storeTimeoutMs));
    return state.found!;
  } catch (error) {
    if (error instanceof RolledBack) return error.result;
    // A look that changed nothing holds, however its transaction ended.
    if (state.found !== undefined && state.phase === 'claiming') return state.found;
    if (state.phase === 'keeping' || state.phase === 'committing')
      return resolve(request, { phase: state.phase, cause: error });
    return { kind: 'undone', began: state.phase === 'working', cause: error };
  } finally {
    watch.stop();
  }
}

function readingOf(record: StoredRecord, claim: Claim): Turn {
  return record.fingerprint === claim.fingerprint ? { kind: 'replayed', answer: record.answer } : { kind: 'reused' };
}

async function keep<Tx>(request: OnceRequest<Tx>, tx: Tx, answer: Answer): Promise<void> {
  const { store, claim, times, keptHeaders } = request;
  const headers = keptHeaders(answer.headers);
  const kept = await store.keep(tx, claim, { answer: { ...answer, headers }, ttlMs: times.ttlMs });
  if (kept === 'taken') throw new Error('the key has a record already');
  // A statement failed and the handler went on: nothing of it can commit. A refusal says so truly; a success would be a lie.
  if (kept === 'failed')
    throw new RolledBack(answer.status >= 400 ? { kind: 'discarded', answer } : { kind: 'swallowed' });
}

function turnOf(holder: Holder): Turn {
  return { kind: holder === 'same' ? 'in-progress' : holder === 'other' ? 'contested' : 'gone' };
}

/** Runs the handler and keeps the lease alive meanwhile. Throws RolledBack for everything that must not commit. */
async function perform<Tx>(given: {
  readonly request: OnceRequest<Tx>;
  readonly work: Work<Tx>;
  readonly tx: Tx;
  readonly watch: Watch;
}): Promise<Answer> {
  const { request, work, tx, watch } = given;
  const { store, clock, times, keeps } = request;
  let controller: AbortController | undefined;
  let ended: Error | undefined;
  const end = (why: Error) => {
    ended ??= why;
    controller?.abort(ended);
  };
  const signal = () => {
    controller ??= new AbortController();
    if (ended !== undefined) controller.abort(ended);
    return controller.signal;
  };
  const timedOut = Promise.withResolvers<'timed-out'>();
  const deadline = clock.after(times.workTimeoutMs, () => {
    end(new DOMException(`no answer within ${times.workTimeoutMs} ms`, 'TimeoutError'));
    timedOut.resolve('timed-out');
  });
  const beats = clock.every(store.leaseMs / 3, () => void store.beat(tx).catch(end));
  try {
    const outcome = await Promise.race([work({ tx, signal }), timedOut.promise]);
    if (outcome === 'timed-out') throw new RolledBack({ kind: 'timed-out' });
    if (keeps(outcome)) return outcome;
    throw new RolledBack(await failed({ kind: 'discarded', answer: outcome }, tx));
  } catch (error) {
    if (error instanceof RolledBack) throw error;
    throw new RolledBack(await failed({ kind: 'threw', error }, tx));
  } finally {
    deadline.cancel();
    beats.cancel();
    watch.set(times.storeTimeoutMs);
  }

  /** A handler that failed because its transaction was lost under it has done nothing wrong: that is said instead. */
  async function failed(result: OnceResult, at: Tx): Promise<OnceResult> {
    watch.set(times.storeTimeoutMs);
    const alive = await watch.race(store.isAlive(at)).catch(() => false);
    return alive ? result : { kind: 'undone', began: true, cause: ended ?? 'the transaction was lost' };
  }
}

/**
 * What became of a transaction whose end was not heard. Whoever holds the key's lock knows that every other transaction on the key
 * has ended; the record then says which way. Before the commit was asked for there is only one way, so silence is an answer too.
 */
async function resolve<Tx>(
  request: OnceRequest<Tx>,
  lost: { readonly phase: 'keeping' | 'committing'; readonly cause: unknown },
): Promise<OnceResult> {
  const { clock, times } = request;
  const untilMs = clock.mono() + times.resolveMs;
  for (let turn = 0; ; turn++) {
    const seen = await attempt(request, undefined);
    if (seen.kind === 'replayed') return seen;
    if (seen.kind === 'free' || seen.kind === 'reused') return { kind: 'undone', began: true, cause: lost.cause };
    if (clock.mono() >= untilMs) break;
    await pause(clock, Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(turn, 10)));
  }
  if (lost.phase === 'keeping') return { kind: 'undone', began: true, cause: lost.cause };
  return { kind: 'unknown', cause: lost.cause };
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((done) => void clock.after(ms, done));
}
