// Pocket money for second tries: each success earns a fifth of a try, and a small allowance is there for those who see few. A try is paid
// for when it is planned, not when it is made, so a crowd waiting in backoff cannot all spend the same coin (envoyproxy/envoy#30205).
// After Finagle's RetryBudget: coins older than the time to live are worthless. It differs in two things, so that the sum over any ten seconds holds and
// not only on average: the allowance is a floor and not added on top, and what was spent is remembered a slice longer than what was earned.
// Counted in slices of time that expire by the clock, not by being written to.

export interface RetryBudgetOptions {
  readonly now: () => number;
  /** Tries earned by a success. Default 0.2. */
  readonly ratio?: number;
  /** Tries a second that are allowed however few successes there are. Default 10: below 50 calls a second this is the larger part. */
  readonly reservePerSecond?: number;
  /** How long a success counts. Default 10,000. */
  readonly ttlMs?: number;
}

export interface RetryBudget {
  /** A success was seen: it earns. */
  deposit(): void;
  /** Pays for one retry, now that it is planned; false when there is nothing left. Pair each true with `settled`. */
  withdraw(): boolean;
  /** That retry is over, however it went. */
  settled(): void;
  /** Retries that could be paid for now. */
  balance(): number;
  /** Planned, waiting in backoff or on their way: not yet settled. */
  readonly underWay: number;
}

const slices = 10;
/** Slices of spending that are remembered: one more, as a window of ten slices' length touches eleven. */
const spendingSlices = slices + 1;

/**
 * The budget of one caller of one service. Over any `ttlMs` it lets through at most the larger of `reservePerSecond` and `ratio` of the successes.
 *
 * @example
 * const budget = createRetryBudget({ now: () => performance.now() });
 * if (answer.ok) budget.deposit();
 * else if (budget.withdraw()) await tryAgain().finally(() => budget.settled());
 */
export function createRetryBudget(options: RetryBudgetOptions): RetryBudget {
  const { now, ratio = 0.2, reservePerSecond = 10, ttlMs = 10_000 } = options;
  const sliceMs = ttlMs / slices;
  const reserve = (reservePerSecond * ttlMs) / 1000;
  const earned = new Float64Array(spendingSlices);
  const spent = new Float64Array(spendingSlices);
  let current = Math.floor(now() / sliceMs);
  /** The sums of the arrays above, `earned` without its oldest slice; so that nothing is added up at each call. */
  let earnedNow = 0;
  let spentNow = 0;
  let underWay = 0;
  const slot = (slice: number) => ((slice % spendingSlices) + spendingSlices) % spendingSlices;
  const turn = (): number => {
    const index = Math.floor(now() / sliceMs);
    if (index <= current) return slot(current);
    for (let slice = Math.max(current + 1, index - slices); slice <= index; slice++) {
      const fresh = slot(slice);
      const oldest = slot(slice - slices);
      spentNow -= spent[fresh]!;
      // What is ten slices old earns no more, though what was spent then still counts.
      earnedNow -= earned[fresh]! + earned[oldest]!;
      spent[fresh] = 0;
      earned[fresh] = 0;
      earned[oldest] = 0;
    }
    current = index;
    return slot(current);
  };
  const balance = () => {
    turn();
    return Math.max(0, Math.max(reserve, earnedNow * ratio) - spentNow);
  };
  return {
    deposit() {
      const slice = turn();
      earned[slice]!++;
      earnedNow++;
    },
    withdraw() {
      const slice = turn();
      if (balance() < 1) return false;
      spent[slice]!++;
      spentNow++;
      underWay++;
      return true;
    },
    settled() {
      underWay--;
    },
    balance,
    get underWay() {
      return underWay;
    },
  };
}
