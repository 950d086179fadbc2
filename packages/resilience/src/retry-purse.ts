// The travel purse of one request: a few coins for second tries, shared by everybody who works on it, however deep the chain. Whoever
// calls on lends the purse down with the call and keeps one coin; the answer brings back what was not spent. Without it a chain
// of five with three retries each asks a dead leaf 256 times for one question. The purse bounds one request; the window of retry-budget.ts bounds a crowd of
// them, and both must agree. Two rules keep the levels from repeating each other: who stands next to the fault tries first, and once it has
// tried in vain (or its window is spent) nobody above tries again. Asked for in envoyproxy/envoy#31597; no timers, no clock.
import { type Refusal, retriesLeftMax } from './carried.ts';
import type { RetryBudget } from './retry-budget.ts';

/**
 * How a try ended. `ok`: an answer to be kept. `failed`: an answer that says that it went wrong (502, 503, 504). `unsent`: surely no byte
 * reached the other side. `lost`: the connection broke before an answer. `late`: no answer in time.
 */
export type TryEnd = 'ok' | 'failed' | 'unsent' | 'lost' | 'late';

/** `retry`: paid for, go on. `purse`: no coin left. `budget`: this hop's window is spent. `final`: the answer forbids it. */
export type RetryPlan = 'retry' | 'purse' | 'budget' | 'final';

export interface RetryPurse {
  /** Coins here, those lent not counted. */
  readonly left: number;
  /** For `x-hale-retries-spent`: coins that will not come back. A closed purse says: all of them. */
  readonly spent: number;
  /** For `x-hale-retries-left` of the next try; out of this purse until `settle`. */
  lend(): number;
  /** The try that was lent `lent` is over; `spentBelow` is its answer's `x-hale-retries-spent`, 0 where there is none. */
  settle(lent: number, end: TryEnd, spentBelow?: number): void;
  /**
   * Whether to try again, and pays for it at once: a crowd waiting in backoff cannot spend the same coin twice. After `retry` the budget's
   * `settled()` is due when that retry is over. That the work may be repeated at all is the caller's to know.
   */
  plan(budget: RetryBudget, end: TryEnd, refused?: Refusal): RetryPlan;
}

/**
 * The purse of a request: `retriesLeft` is its `x-hale-retries-left`, or tries less one for a call that nobody above counts.
 *
 * @example
 * const purse = createRetryPurse(carried.retriesLeft ?? triesMax - 1);
 * for (let tries = 1; ; tries++) {
 *   const lent = purse.lend();
 *   const answer = await send({ ...headers, [retriesLeftHeader]: String(lent) });
 *   purse.settle(lent, answer.end, answer.retriesSpent);
 *   if (answer.end === 'ok' || tries === triesMax || purse.plan(budget, answer.end, answer.refused) !== 'retry') return answer;
 * }
 */
export function createRetryPurse(retriesLeft: number): RetryPurse {
  return new Purse(Math.min(retriesLeftMax, Math.max(0, Math.floor(retriesLeft) || 0)));
}

/** A class, because one is made for every request. */
class Purse implements RetryPurse {
  left: number;
  private readonly given: number;
  private lent = 0;

  constructor(given: number) {
    this.given = given;
    this.left = given;
  }

  get spent(): number {
    return this.given - this.left - this.lent;
  }

  lend(): number {
    // One stays here for what no answer can come back from, a crash or a hang below. A last one goes down: nearest to the fault is best.
    const lent = this.left > 1 ? this.left - 1 : this.left;
    this.left -= lent;
    this.lent += lent;
    return lent;
  }

  settle(lent: number, end: TryEnd, spentBelow = 0): void {
    this.lent -= lent;
    // Whoever was given up on may be spending still. Whoever crashed most likely did not come to it.
    if (end === 'late') return;
    const back = end === 'unsent' || end === 'lost' ? lent : Math.max(0, lent - spentBelow);
    this.left += back;
    if (end === 'failed' && spentBelow > 0) this.left = 0;
  }

  plan(budget: RetryBudget, end: TryEnd, refused?: Refusal): RetryPlan {
    if (end === 'ok' || refused === 'deadline') return 'final';
    if (refused === 'open' || refused === 'retries') return this.close('final');
    // Nothing was begun there, so nothing is multiplied below: this costs the window, but no coin.
    const isFree = end === 'unsent' || refused === 'draining';
    if (!isFree && this.left === 0) return 'purse';
    if (!budget.withdraw()) return this.close('budget');
    if (!isFree) this.left--;
    return 'retry';
  }

  /** Nobody above shall do what was not allowed here. */
  private close(why: 'final' | 'budget'): RetryPlan {
    this.left = 0;
    return why;
  }
}
