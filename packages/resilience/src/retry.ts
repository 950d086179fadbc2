// Whether to try again, and when: a rule without promises. It says no in a fixed order, from what costs nothing to what costs a coin: the failure
// itself, the tries used up, what the request carries, the other side's own word, the patience left, and last the budget, which is charged
// as soon as the retry is planned, so that a crowd in backoff cannot spend one coin twice (envoyproxy/envoy#30205).
import { type BackoffSettings, backoffMs } from './backoff.ts';
import type { Verdict } from './classify.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface RetryStep {
  /** Tries made before this failure: 0 after the first. */
  readonly attempt: number;
  /** What the tree of calls may still spend. */
  readonly retriesLeft: number;
  readonly lastDelayMs: number;
  /** Until the whole call must be over. */
  readonly patienceMs: number;
}

export type NoRetry = 'final' | 'attempts' | 'carried' | 'retryAfter' | 'deadline' | 'budget';

/** The wait in ms, or why there is no other try. */
export type RetryPlan = number | NoRetry;

export interface RetryRuleOptions {
  readonly retriesMax: number;
  readonly retryAfterMaxMs: number;
  readonly backoff: BackoffSettings;
  /** Undefined: none. After a planned retry its `settled` is due when that retry is over. */
  readonly budget: RetryBudget | undefined;
  readonly unit: () => number;
}

/** What to do after a failure. A number means that the budget has been charged. */
export function planRetry(rule: RetryRuleOptions, verdict: Verdict, step: RetryStep): RetryPlan {
  if (!verdict.mayRetry) return 'final';
  if (step.attempt >= rule.retriesMax) return 'attempts';
  if (step.attempt >= step.retriesLeft) return 'carried';
  const { retryAfterMs = 0 } = verdict;
  if (retryAfterMs > rule.retryAfterMaxMs) return 'retryAfter';
  const draw = { retry: step.attempt + 1, lastMs: step.lastDelayMs, unit: rule.unit() };
  const delayMs = Math.max(backoffMs(rule.backoff, draw), retryAfterMs);
  if (delayMs >= step.patienceMs) return 'deadline';
  if (rule.budget !== undefined && !rule.budget.withdraw()) return 'budget';
  return delayMs;
}
