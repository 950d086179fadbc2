// The springs around a call: whom to ask (balancer), how often to ask again (retry budget), and how long to wait
// (deadline). No Node, no timers of its own, no clock but the one handed in: usable in a browser or a simulator alike.
export {
  type AdaptiveLimit,
  type AdaptiveLimitOptions,
  type AdaptiveLimitSettings,
  createAdaptiveLimit,
} from './adaptive-limit.ts';
export { type BackoffSettings, backoffMs, parseRetryAfter } from './backoff.ts';
export {
  type Balancer,
  type BalancerOptions,
  createBalancer,
  type Host,
  type Member,
  type Rotation,
} from './balancer.ts';
export type { BalancerSnapshot, HostSnapshot } from './balancer-snapshot.ts';
export {
  Breaker,
  type BreakerChange,
  type BreakerOptions,
  type BreakerSettings,
  type BreakerSnapshot,
  type BreakerState,
  type BreakerWatcher,
  type OpenReason,
  type SavedBreaker,
} from './breaker.ts';
export type { BreakerWindow } from './breaker-window.ts';
export { Bulkhead, type BulkheadSettings, type Waiter } from './bulkhead.ts';
export { type Cache, type CacheSettings, cacheLayer, createCache } from './cache.ts';
export {
  type Carried,
  type CarriedBack,
  type CarriedFault,
  degradedHeader,
  formatDegraded,
  formatPatience,
  type HeaderFields,
  isCarriedFault,
  type Priority,
  parsePriority,
  patienceHeader,
  priorityHeader,
  type Refusal,
  readCarried,
  readCarriedBack,
  refusedHeader,
  retriesLeftHeader,
  retriesLeftMax,
  retriesSpentHeader,
} from './carried.ts';
export { type Classify, classifyError, classifyResponse, type Verdict, verdicts } from './classify.ts';
export {
  type ClientThrottle,
  type ClientThrottleOptions,
  type ClientThrottleSettings,
  createClientThrottle,
} from './client-throttle.ts';
export {
  type ComposeOptions,
  compose,
  type LayerKind,
  lintOrder,
  type NamedLayer,
  type OrderProblem,
} from './composition.ts';
export { createDeadlineSweep, type Deadline, type DeadlineSweep, remainingMs, tighter } from './deadline.ts';
export { createDegradedRegistry, type DegradedPart, type DegradedRegistry, type DegradedState } from './degraded.ts';
export { type FallbackSettings, type FallbackSurroundings, fallbackLayer } from './fallback.ts';
export {
  createFaultInjection,
  type FaultInjection,
  type FaultInjectionOptions,
  type FaultInjectionSettings,
  type InjectedFault,
} from './fault-injection.ts';
export { createHedgeRule, type HedgeRule, type HedgeSettings } from './hedge.ts';
export { hedgeLayer } from './hedge-layer.ts';
export { hostClock } from './host-clock.ts';
export { LatencyHistogram, type LatencySummary } from './latency-histogram.ts';
export { type MeterLike, meterPolicy, type ResultLike } from './meter.ts';
export type { Detector, EjectionEvent, EjectionOptions, Mercy } from './outlier-ejection.ts';
export { createPeakEwma, type PeakEwma } from './peak-ewma.ts';
export type { PolicyEvent, Refuser } from './policy/events.ts';
export { degradedParts, type PolicyOptions, policy } from './policy/policy.ts';
export type { BudgetSettings, PolicySettings, RetrySettings } from './policy/settings.ts';
export type { PolicyCounters, PolicySnapshot } from './policy/snapshot.ts';
export type {
  Call,
  CallContext,
  ConcurrencyLimit,
  EventOutlet,
  ExecuteOptions,
  Layer,
  LimitOutcome,
  Policy,
  PolicyClock,
  Surroundings,
} from './policy/types.ts';
export { createPriorityLevels, type PriorityLevels } from './priority-levels.ts';
export { createRateLimit, type RateLimit, type RateLimitOptions, type RateLimitSettings } from './rate-limit.ts';
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export { createRetryPurse, type RetryPlan, type RetryPurse, type TryEnd } from './retry-purse.ts';
export { clientThrottleLayer, faultInjectionLayer, limitLayer, rateLimitLayer } from './rule-layers.ts';
export {
  type Admission,
  type AdmissionOptions,
  type AdmissionSettings,
  type AdmissionSnapshot,
  createAdmission,
  type Guest,
  type ShedReason,
  type Ticket,
} from './shedding/admission.ts';
export { rampShare, type SlowStartOptions } from './slow-start.ts';
export { timeoutLayer } from './timeout-layer.ts';
export { type Sleeper, sweepOf, TimerSweep } from './timer-sweep.ts';
