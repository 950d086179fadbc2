// Five services in a row, a -> b -> c -> d -> leaf, three retries each, and a leaf that dies. What reaches the leaf is counted: with nothing
// to hold them back 4^4 = 256 requests for each one offered. The hops are simulated (virtual time, seeded), the rules that decide are the real ones: the purse of
// the request and the window of each hop. Patience travels as it does in the sdk: nobody works for somebody who has stopped waiting.
import { createRng } from '@hale/base';
import { createRetryBudget, createRetryPurse, type RetryBudget, type TryEnd } from '@hale/resilience';
import { createEventQueue } from '../event-queue.ts';

/** What holds a hop back: nothing but its number of tries, its own window too, or the purse and the window. */
export type Restraint = 'tries' | 'window' | 'purse';
/** How the leaf is dead: it answers 503 at once, it answers half of all, or it does not answer. */
export type Death = 'fails' | 'fails half' | 'hangs';

export interface ChainOptions {
  readonly restraint: Restraint;
  readonly death: Death;
  readonly qps: number;
  readonly seed: number;
  readonly deadFromMs: number;
  readonly durationMs: number;
}

const hops = 4;
const triesMax = 4;
const tryTimeoutMs = 1000;
const patienceMs = 3000;
const hopMs = 1;
const windowMs = 10_000;
const bucketMs = 100;

/** The largest ratio of what reached the leaf to what was offered, over any ten seconds that touch its death. */
export function amplification(options: ChainOptions): number {
  const chain = new Chain(options);
  return worstWindow(chain.run(), options);
}

interface Event {
  readonly dueMs: number;
  readonly run: () => void;
}

interface Arrivals {
  readonly offered: Float64Array;
  readonly reached: Float64Array;
}

class Chain {
  private nowMs = 0;
  private readonly queue = createEventQueue<Event>();
  private readonly options: ChainOptions;
  private readonly dice: () => number;
  private readonly budgets: readonly RetryBudget[];
  private readonly arrivals: Arrivals;

  constructor(options: ChainOptions) {
    this.options = options;
    this.dice = createRng(options.seed).unit;
    this.budgets = Array.from({ length: hops }, () => createRetryBudget({ now: () => this.nowMs }));
    const buckets = Math.ceil(options.durationMs / bucketMs);
    this.arrivals = { offered: new Float64Array(buckets), reached: new Float64Array(buckets) };
  }

  run(): Arrivals {
    const { qps, durationMs } = this.options;
    const next = (): void => {
      this.count(this.arrivals.offered);
      this.serve(0, undefined, this.nowMs + patienceMs, () => {});
      this.after((-Math.log(1 - this.dice()) * 1000) / qps, next);
    };
    next();
    for (let event = this.queue.peek(); event !== undefined && event.dueMs < durationMs; event = this.queue.peek()) {
      this.nowMs = event.dueMs;
      this.queue.pop().run();
    }
    return this.arrivals;
  }

  /** One request at hop `level`, which has its answer from the next one, or after its tries has none. */
  private serve(
    level: number,
    given: number | undefined,
    dueMs: number,
    answer: (ok: boolean, spent: number) => void,
  ): void {
    const purse = createRetryPurse(given ?? triesMax - 1);
    const budget = this.budgets[level]!;
    const attempt = (tries: number, isRetry: boolean): void => {
      if (this.nowMs >= dueMs) return;
      const lent = purse.lend();
      this.send(level + 1, { lent, dueMs: Math.min(dueMs, this.nowMs + tryTimeoutMs) }, (end, spentBelow) => {
        if (isRetry) budget.settled();
        purse.settle(lent, end, spentBelow);
        if (end === 'ok') budget.deposit();
        const again = end !== 'ok' && tries < triesMax && this.mayRetry(budget, () => purse.plan(budget, end));
        if (!again) answer(end === 'ok', purse.spent);
        else this.after(this.backoffMs(), () => attempt(tries + 1, this.options.restraint !== 'tries'));
      });
    };
    attempt(1, false);
  }

  /** None where nothing holds a hop back: that is what loops with three retries look like. */
  private backoffMs(): number {
    return this.options.restraint === 'tries' ? 0 : 25 + this.dice() * 125;
  }

  private mayRetry(budget: RetryBudget, plan: () => string): boolean {
    const { restraint } = this.options;
    if (restraint === 'tries') return true;
    return restraint === 'window' ? budget.withdraw() : plan() === 'retry';
  }

  private send(
    to: number,
    { lent, dueMs }: { lent: number; dueMs: number },
    back: (end: TryEnd, spentBelow: number) => void,
  ): void {
    let isOver = false;
    const once = (end: TryEnd, spentBelow: number) => {
      if (isOver) return;
      isOver = true;
      back(end, spentBelow);
    };
    this.after(dueMs - this.nowMs, () => once('late', 0));
    this.after(hopMs, () => {
      if (to === hops) this.leaf((ok) => this.after(hopMs, () => once(ok ? 'ok' : 'failed', 0)));
      else this.serve(to, lent, dueMs, (ok, spent) => this.after(hopMs, () => once(ok ? 'ok' : 'failed', spent)));
    });
  }

  private leaf(answer: (ok: boolean) => void): void {
    this.count(this.arrivals.reached);
    const { death, deadFromMs } = this.options;
    if (this.nowMs < deadFromMs) answer(true);
    else if (death !== 'hangs') answer(death === 'fails half' && this.dice() < 0.5);
  }

  private after(ms: number, run: () => void): void {
    this.queue.push({ dueMs: this.nowMs + ms, run });
  }

  private count(into: Float64Array): void {
    const bucket = Math.floor(this.nowMs / bucketMs);
    into[bucket] = (into[bucket] ?? 0) + 1;
  }
}

function worstWindow({ offered, reached }: Arrivals, { deadFromMs, durationMs }: ChainOptions): number {
  let worst = 0;
  const sum = (of: Float64Array, from: number) => {
    let total = 0;
    for (let i = from; i < from + windowMs / bucketMs; i++) total += of[i]!;
    return total;
  };
  for (let fromMs = Math.max(0, deadFromMs - windowMs); fromMs + windowMs <= durationMs; fromMs += bucketMs) {
    const from = Math.round(fromMs / bucketMs);
    worst = Math.max(worst, sum(reached, from) / sum(offered, from));
  }
  return worst;
}
