// Pocket money for second tries: each success earns a fifth of a try, a small allowance comes every second, and a try is paid for
// when it is planned, not when it is made, so a crowd waiting in backoff cannot all spend the same coin (envoyproxy/envoy#30205).
// After Finagle's RetryBudget: coins older than the time to live are worthless. Counted in ten slices of time that expire by
// the clock, not by being written to.

export interface RetryBudgetOptions {
  readonly now: () => number;
  /** Tries earned by a success. */
  readonly ratio?: number;
  /** Tries a second that are allowed without any success. */
  readonly reservePerSecond?: number;
  /** This many retries under way at once are always allowed. */
  readonly concurrentMin?: number;
  /** How long a success counts. */
  readonly ttlMs?: number;
}

export interface RetryBudget {
  /** A success was seen: it earns. */
  deposit(): void;
  /** Pays for one retry; false when there is nothing left. Pair each true with `settled`. */
  withdraw(): boolean;
  /** That retry is over, however it went. */
  settled(): void;
  /** Retries that could be paid for now (the always-allowed ones aside). */
  balance(): number;
}

const slices = 10;

export function createRetryBudget(options: RetryBudgetOptions): RetryBudget {
  const { now, ratio = 0.2, reservePerSecond = 10, concurrentMin = 3, ttlMs = 10_000 } = options;
  const sliceMs = ttlMs / slices;
  const earned = new Float64Array(slices);
  const spent = new Float64Array(slices);
  let current = Math.floor(now() / sliceMs);
  let underWay = 0;
  const turn = (): number => {
    const index = Math.floor(now() / sliceMs);
    for (let i = Math.max(current + 1, index - slices + 1); i <= index; i++) {
      earned[i % slices] = 0;
      spent[i % slices] = 0;
    }
    if (index > current) current = index;
    return current % slices;
  };
  const balance = () => {
    turn();
    let total = (reservePerSecond * ttlMs) / 1000;
    for (let i = 0; i < slices; i++) total += earned[i]! * ratio - spent[i]!;
    return Math.max(0, total);
  };
  return {
    deposit() {
      const slice = turn();
      earned[slice] = earned[slice]! + 1;
    },
    withdraw() {
      const slice = turn();
      if (balance() < 1 && underWay >= concurrentMin) return false;
      spent[slice] = spent[slice]! + 1;
      underWay++;
      return true;
    },
    settled() {
      underWay--;
    },
    balance,
  };
}
