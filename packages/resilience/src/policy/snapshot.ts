// What a policy says about itself when asked: plain data, made on request from counters that are kept anyway. Nothing is allocated
// per call for it.
import type { BreakerSnapshot } from '../breaker.ts';
import type { LatencySummary } from '../latency-histogram.ts';

/** Counters since the policy was made. */
export interface PolicyCounters {
  /** Calls begun (whole calls, not tries). */
  calls: number;
  succeeded: number;
  failed: number;
  aborted: number;
  /** Tries that reached the callee. */
  attempts: number;
  retries: number;
  /** Retries that the budget refused. */
  retriesRefused: number;
  /** Refused by an open breaker. */
  refusedOpen: number;
  /** Refused by a full bulkhead or limit. */
  refusedFull: number;
  timeouts: number;
}

export interface PolicySnapshot {
  readonly name: string;
  readonly counters: Readonly<PolicyCounters>;
  readonly inFlight: number;
  readonly queued: number;
  /** How many may run at once; Infinity where nothing limits it. */
  readonly limit: number;
  /** Of successful attempts; weighted to the last half minute. */
  readonly latency: LatencySummary;
  readonly breaker: BreakerSnapshot | undefined;
  /** Retries that could be paid for now. */
  readonly retryBalance: number | undefined;
}
