// The springs around a call: whom to ask (balancer), how often to ask again (retry budget), and how long to wait
// (deadline). No Node, no timers of its own, no clock but the one handed in: usable in a browser or a simulator alike.
export {
  type Balancer,
  type BalancerOptions,
  createBalancer,
  type Host,
  type Member,
  type Rotation,
} from './balancer.ts';
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
export { createDeadlineSweep, type Deadline, type DeadlineSweep, remainingMs, tighter } from './deadline.ts';
export { createOutlierEjection, type EjectionOptions, type OutlierEjection } from './outlier-ejection.ts';
export { createPeakEwma, type PeakEwma } from './peak-ewma.ts';
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export { createRetryPurse, type RetryPlan, type RetryPurse, type TryEnd } from './retry-purse.ts';
export { rampShare, type SlowStartOptions } from './slow-start.ts';
