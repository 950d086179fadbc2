// What a policy can be told, and the scale that weighs it before anything is built: every impossible number is named, with its path and what
// would be possible, all at once; then nothing is built, or nothing changes. What is left out is not there and costs nothing.
import { HaleError, type Problem } from '@hale/base';
import type { AdaptiveLimitSettings } from '../adaptive-limit.ts';
import type { BackoffSettings } from '../backoff.ts';
import type { BreakerSettings } from '../breaker.ts';
import type { BulkheadSettings } from '../bulkhead.ts';
import type { CacheSettings } from '../cache.ts';
import type { Classify, Verdict } from '../classify.ts';
import type { ClientThrottleSettings } from '../client-throttle.ts';
import type { FallbackSettings } from '../fallback.ts';
import type { FaultInjectionSettings } from '../fault-injection.ts';
import type { HedgeSettings } from '../hedge.ts';
import type { RateLimitSettings } from '../rate-limit.ts';
import type { RetryBudget } from '../retry-budget.ts';

export interface RetrySettings {
  /** Retries after the first try; default 3. */
  readonly retriesMax?: number | undefined;
  readonly backoff?: BackoffSettings | undefined;
  /** A Retry-After beyond this is not waited for: the call fails at once. Default 30,000 ms. */
  readonly retryAfterMaxMs?: number | undefined;
  /** Default: a budget of this policy's own, 20 % of successes plus 10 a second. A shared one may be handed in; false: none. */
  readonly budget?: RetryBudget | BudgetSettings | false | undefined;
}

export interface BudgetSettings {
  readonly ratio?: number;
  readonly reservePerSecond?: number;
  readonly concurrentMin?: number;
  readonly ttlMs?: number;
}

/** Every part is optional; `{}` in a part means its defaults. The order of the parts does not matter: the policy's is fixed. */
export interface PolicySettings {
  /** For events, snapshots and messages; default `call`. */
  readonly name?: string | undefined;
  /** Patience for one attempt in ms; default none. */
  readonly timeoutMs?: number | undefined;
  /** Patience for the whole call with its waits and retries in ms; default none. */
  readonly deadlineMs?: number | undefined;
  readonly retry?: RetrySettings | undefined;
  readonly breaker?: BreakerSettings | undefined;
  readonly bulkhead?: BulkheadSettings | undefined;
  readonly adaptiveLimit?: AdaptiveLimitSettings | undefined;
  readonly hedge?: HedgeSettings | undefined;
  readonly fallback?: FallbackSettings | undefined;
  readonly cache?: CacheSettings | undefined;
  readonly rateLimit?: RateLimitSettings | undefined;
  readonly clientThrottle?: ClientThrottleSettings | undefined;
  readonly faultInjection?: FaultInjectionSettings | undefined;
  /** What an error means; default `classifyError`. */
  readonly classify?: Classify | undefined;
  /** What an answer means that is none; default: every answer is one. `classifyResponse` reads those of fetch. */
  readonly judge?: ((answer: unknown, wallMs: number) => Verdict | undefined) | undefined;
}

interface Range {
  readonly path: string;
  readonly value: unknown;
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

const day = 86_400_000;

/** All that is wrong with `settings`; empty when they can be used. Rules that weigh their own numbers add theirs in the engine. */
export function problemsOf(settings: PolicySettings): readonly Problem[] {
  const ranges = [...callRanges(settings), ...breakerRanges(settings.breaker), ...bulkheadRanges(settings.bulkhead)];
  return [...ranges.flatMap(weigh), ...unknownFields(settings), ...contradictions(settings)];
}

/** Throws HALE_RESILIENCE_SETTINGS naming all of `problems`, if there are any. */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new HaleError({
    code: 'HALE_RESILIENCE_SETTINGS',
    message: problems.map(({ path, message }) => `${path} ${message}`).join('; '),
    hint: problems.map(({ path, hint }) => `${path}: ${hint}`).join('; '),
    details: { problems },
  });
}

function weigh({ path, value, min, max, whole = false }: Range): readonly Problem[] {
  if (value === undefined) return [];
  const fits = typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
  if (fits) return [];
  const kind = whole ? 'a whole number' : 'a number';
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  const message = `is ${shown}, but must be ${kind} from ${min} to ${max}`;
  return [{ severity: 'error', path, message, hint: `give ${kind} from ${min} to ${max}, or leave it out` }];
}

function callRanges({ timeoutMs, deadlineMs, retry }: PolicySettings): readonly Range[] {
  const budget = retry?.budget;
  const own = budget === undefined || budget === false || 'withdraw' in budget ? undefined : budget;
  return [
    { path: 'timeoutMs', value: timeoutMs, min: 1, max: day },
    { path: 'deadlineMs', value: deadlineMs, min: 1, max: day },
    { path: 'retry.retriesMax', value: retry?.retriesMax, min: 0, max: 100, whole: true },
    { path: 'retry.retryAfterMaxMs', value: retry?.retryAfterMaxMs, min: 0, max: day },
    { path: 'retry.backoff.baseMs', value: retry?.backoff?.baseMs, min: 0, max: day },
    { path: 'retry.backoff.maxMs', value: retry?.backoff?.maxMs, min: 0, max: day },
    { path: 'retry.budget.ratio', value: own?.ratio, min: 0, max: 10 },
    { path: 'retry.budget.reservePerSecond', value: own?.reservePerSecond, min: 0, max: 1e6 },
    { path: 'retry.budget.concurrentMin', value: own?.concurrentMin, min: 0, max: 1e6, whole: true },
    { path: 'retry.budget.ttlMs', value: own?.ttlMs, min: 10, max: day },
  ];
}

function breakerRanges(breaker: BreakerSettings | undefined): readonly Range[] {
  if (breaker === undefined) return [];
  const { window, slow } = breaker;
  return [
    { path: 'breaker.failureRatio', value: breaker.failureRatio, min: 0.001, max: 1 },
    { path: 'breaker.callsMin', value: breaker.callsMin, min: 1, max: 1e6, whole: true },
    ...(window?.kind === 'time' ? [{ path: 'breaker.window.spanMs', value: window.spanMs, min: 10, max: day }] : []),
    ...(window?.kind === 'count'
      ? [{ path: 'breaker.window.calls', value: window.calls, min: 1, max: 1e6, whole: true }]
      : []),
    { path: 'breaker.slow.overMs', value: slow?.overMs, min: 0, max: day },
    { path: 'breaker.slow.ratio', value: slow?.ratio, min: 0.001, max: 1 },
    { path: 'breaker.openMs', value: breaker.openMs, min: 1, max: day },
    { path: 'breaker.openMaxMs', value: breaker.openMaxMs, min: 1, max: day },
    { path: 'breaker.probesMax', value: breaker.probesMax, min: 1, max: 1e6, whole: true },
    { path: 'breaker.probeTimeoutMs', value: breaker.probeTimeoutMs, min: 1, max: day },
    { path: 'breaker.returnStepMs', value: breaker.returnStepMs, min: 0, max: day },
  ];
}

function bulkheadRanges(bulkhead: BulkheadSettings | undefined): readonly Range[] {
  if (bulkhead === undefined) return [];
  return [
    { path: 'bulkhead.concurrentMax', value: bulkhead.concurrentMax ?? 'missing', min: 1, max: 1e6, whole: true },
    { path: 'bulkhead.queueMax', value: bulkhead.queueMax, min: 0, max: 1e6, whole: true },
    { path: 'bulkhead.waitMaxMs', value: bulkhead.waitMaxMs, min: 0, max: day },
  ];
}

/** Numbers that are possible alone and not together. */
function contradictions({ timeoutMs, deadlineMs, breaker, retry }: PolicySettings): readonly Problem[] {
  const found: Problem[] = [];
  const tell = (path: string, message: string, hint: string) => found.push({ severity: 'error', path, message, hint });
  if (timeoutMs !== undefined && deadlineMs !== undefined && timeoutMs > deadlineMs)
    tell('timeoutMs', `is ${timeoutMs}, more than deadlineMs ${deadlineMs}`, 'make it smaller: it is for one attempt');
  const { window, callsMin = 20, openMs = 5000, openMaxMs = 300_000 } = breaker ?? {};
  if (window?.kind === 'count' && callsMin > window.calls)
    tell('breaker.callsMin', `is ${callsMin}, but the window holds only ${window.calls} calls`, 'make it smaller');
  if (openMs > openMaxMs) tell('breaker.openMs', `is ${openMs}, more than openMaxMs ${openMaxMs}`, 'swap them');
  const { baseMs = 128, maxMs = 30_000 } = retry?.backoff ?? {};
  if (baseMs > maxMs) tell('retry.backoff.baseMs', `is ${baseMs}, more than maxMs ${maxMs}`, 'swap them');
  return found;
}

const known: ReadonlySet<string> = new Set([
  ...['name', 'timeoutMs', 'deadlineMs', 'retry', 'breaker', 'bulkhead', 'adaptiveLimit', 'hedge', 'fallback', 'cache'],
  ...['rateLimit', 'clientThrottle', 'faultInjection', 'classify', 'judge'],
]);

function unknownFields(settings: PolicySettings): readonly Problem[] {
  return Object.keys(settings)
    .filter((field) => !known.has(field))
    .map((path) => ({
      severity: 'error',
      path,
      message: 'is not a setting of a policy',
      hint: `one of ${[...known].join(', ')}`,
    }));
}
