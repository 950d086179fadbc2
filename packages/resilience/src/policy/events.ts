// Every decision of a policy, as a fact that somebody may listen to: metrics, logs and traces attach here and never at the call.
// An event is made only while somebody listens. `atMs` is the policy's monotonic clock.
import type { OpenReason } from '../breaker.ts';
import type { Priority } from '../carried.ts';

/** Who said no. */
export type Refuser = 'breaker' | 'bulkhead' | 'limit' | 'rateLimit' | 'throttle' | 'deadline';

interface At {
  readonly atMs: number;
}

export type PolicyEvent = At &
  (
    | { readonly kind: 'retry'; readonly attempt: number; readonly delayMs: number; readonly error: unknown }
    /** A failure that would have been retried, was not: no budget, no carried retries, no time left, or the tries are used up. */
    | {
        readonly kind: 'gaveUp';
        readonly attempt: number;
        readonly why: 'attempts' | 'budget' | 'carried' | 'deadline' | 'retryAfter';
        readonly error: unknown;
      }
    | { readonly kind: 'opened'; readonly why: OpenReason; readonly openMs: number }
    | { readonly kind: 'halfOpen'; readonly probes: number }
    | { readonly kind: 'returning'; readonly share: number }
    | { readonly kind: 'closed' }
    | { readonly kind: 'isolated' }
    | { readonly kind: 'released' }
    /** `carriedOut` false: a dry run (`enforce` below 1) let the call pass all the same. */
    | { readonly kind: 'refused'; readonly by: Refuser; readonly priority: Priority; readonly carriedOut: boolean }
    | { readonly kind: 'shed'; readonly priority: Priority; readonly why: string }
    | { readonly kind: 'timeout'; readonly scope: 'attempt' | 'call'; readonly timeoutMs: number }
    | { readonly kind: 'aborted'; readonly where: 'queue' | 'backoff' | 'call' }
    | { readonly kind: 'fallback'; readonly name: string; readonly error: unknown }
    | { readonly kind: 'hedge'; readonly attempt: number; readonly afterMs: number }
    | { readonly kind: 'hedgeWon'; readonly attempt: number }
    | { readonly kind: 'cacheHit'; readonly key: string; readonly stale: boolean }
    | { readonly kind: 'coalesced'; readonly key: string }
    | { readonly kind: 'limitChanged'; readonly from: number; readonly to: number }
    | { readonly kind: 'faultInjected'; readonly fault: string }
    | { readonly kind: 'updated' }
    /** The call is over, however it went: what a trace or a metric wants. `error` only where it failed. */
    | {
        readonly kind: 'settled';
        readonly ok: boolean;
        readonly attempts: number;
        readonly latencyMs: number;
        readonly error?: unknown;
      }
  );
