// The front door of the policies: one function, one order that is right by construction (decision 0005), sane defaults, and time and dice that
// a test may turn. For an order of your own there is `compose`, with a linter.
import type { SavedBreaker } from '../breaker.ts';
import { createDegradedRegistry, type DegradedRegistry } from '../degraded.ts';
import { hostClock } from '../host-clock.ts';
import { Engine } from './engine.ts';
import type { PolicySettings } from './settings.ts';
import type { Policy, PolicyClock } from './types.ts';

export interface PolicyOptions {
  /** Default: the host's. A virtual one comes from `@hale/resilience/testing`. */
  readonly clock?: PolicyClock | undefined;
  /** Uniform in [0, 1); default Math.random. */
  readonly unit?: (() => number) | undefined;
  /** Where fallbacks hang out their sign; default: one for all policies of the process. */
  readonly degraded?: DegradedRegistry | undefined;
  /** What `save` of an earlier policy gave: an open circuit stays open for what was left. */
  readonly saved?: SavedBreaker | undefined;
}

/** What is answered by fallback at present, for all policies that were given no registry of their own. */
export const degradedParts: DegradedRegistry = createDegradedRegistry();

/**
 * A policy for calls of one kind. Parts that are left out are not there and cost nothing; `{}` in a part means its defaults.
 *
 * @throws HALE_RESILIENCE_SETTINGS naming every impossible number, with its path
 * @example
 * const payments = policy({ name: 'payments', timeoutMs: 1000, retry: {}, breaker: {}, bulkhead: { concurrentMax: 100 } });
 * const answer = await payments.execute(({ signal }) => fetch(url, { signal }));
 */
export function policy(settings: PolicySettings = {}, options: PolicyOptions = {}): Policy {
  return new Engine(settings, {
    clock: options.clock ?? hostClock,
    unit: options.unit ?? Math.random,
    registry: options.degraded ?? degradedParts,
    saved: options.saved,
  });
}
