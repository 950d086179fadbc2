// The seldom used layers of a policy on two hooks: those outside of the retry (fallback, cache, rate limit, client throttle) and those inside
// of the attempt (hedging, its legs' timeouts, fault injection). Rules keep what they have learned when settings change. A policy that asks
// for none of them has no rack at all.
import { type Cache, cacheLayer, createCache } from '../cache.ts';
import type { Classify } from '../classify.ts';
import { type ClientThrottle, createClientThrottle } from '../client-throttle.ts';
import type { DegradedRegistry } from '../degraded.ts';
import { fallbackLayer } from '../fallback.ts';
import { createFaultInjection, type FaultInjection } from '../fault-injection.ts';
import { createHedgeRule, type HedgeRule } from '../hedge.ts';
import { hedgeLayer } from '../hedge-layer.ts';
import { LazyContext } from '../lazy-signal.ts';
import { createRateLimit, type RateLimit } from '../rate-limit.ts';
import { clientThrottleLayer, faultInjectionLayer, rateLimitLayer } from '../rule-layers.ts';
import { timeoutLayer } from '../timeout-layer.ts';
import type { Engine } from './engine.ts';
import type { PolicySettings } from './settings.ts';
import type { Call, CallContext, ExecuteOptions, Layer, Priority, Surroundings } from './types.ts';

export interface RackSurroundings extends Surroundings {
  readonly registry: DegradedRegistry;
  readonly classify: Classify;
}

export type OuterExecute = <T>(engine: Engine, call: Call<T>, options: ExecuteOptions | undefined) => Promise<T>;

const never = Number.POSITIVE_INFINITY;

export class LayerRack {
  outer: OuterExecute | undefined = undefined;
  inner: Layer | undefined = undefined;
  private cache: Cache | undefined = undefined;
  private rateLimit: RateLimit | undefined = undefined;
  private throttle: ClientThrottle | undefined = undefined;
  private hedge: HedgeRule | undefined = undefined;
  private faults: FaultInjection | undefined = undefined;

  /** The rack for `settings`, with the rules of the one before; undefined where nothing hangs on it. Throws HALE_RESILIENCE_SETTINGS. */
  static make(
    settings: PolicySettings,
    before: LayerRack | undefined,
    around: RackSurroundings,
  ): LayerRack | undefined {
    const rack = new LayerRack();
    const outer = rack.outerLayers(settings, before, around);
    const inner = rack.innerLayers(settings, before, around);
    if (outer.length === 0 && inner.length === 0) return undefined;
    if (outer.length > 0) rack.outer = executeThrough(stack(outer), around);
    if (inner.length > 0) rack.inner = stack(inner);
    return rack;
  }

  private outerLayers(settings: PolicySettings, before: LayerRack | undefined, around: RackSurroundings): Layer[] {
    const { fallback, cache, rateLimit, clientThrottle } = settings;
    const { unit, events, clock, classify } = around;
    const layers: Layer[] = [];
    const tellRefused =
      (by: 'rateLimit' | 'throttle') =>
      ({ priority, carriedOut }: Refused) => {
        if (events.heard) events.tell({ kind: 'refused', atMs: clock.mono(), by, priority, carriedOut });
      };
    if (fallback !== undefined) layers.push(fallbackLayer(fallback, around));
    if (cache !== undefined) {
      this.cache = kept(before?.cache, cache) ?? createCache(cache, around);
      layers.push(cacheLayer(this.cache));
    }
    if (rateLimit !== undefined) {
      const fresh = () => createRateLimit({ settings: rateLimit, unit, onRefused: tellRefused('rateLimit') });
      this.rateLimit = kept(before?.rateLimit, rateLimit) ?? fresh();
      layers.push(rateLimitLayer(this.rateLimit, around));
    }
    if (clientThrottle !== undefined) {
      const fresh = () => createClientThrottle({ settings: clientThrottle, unit, onRefused: tellRefused('throttle') });
      this.throttle = kept(before?.throttle, clientThrottle) ?? fresh();
      const isRefusal = (error: unknown) => classify(error, clock.wall()).isOverload;
      layers.push(clientThrottleLayer(this.throttle, { ...around, isRefusal }));
    }
    return layers;
  }

  private innerLayers(settings: PolicySettings, before: LayerRack | undefined, around: RackSurroundings): Layer[] {
    const { hedge, timeoutMs, faultInjection } = settings;
    const layers: Layer[] = [];
    if (hedge !== undefined) {
      this.hedge = kept(before?.hedge, hedge) ?? createHedgeRule(hedge);
      layers.push(hedgeLayer(this.hedge, around));
      if (timeoutMs !== undefined) layers.push(timeoutLayer(timeoutMs, around));
    }
    if (faultInjection !== undefined) {
      const { unit, events, clock } = around;
      const onInjected = (fault: object) => {
        const names = Object.keys(fault).join('+');
        if (events.heard) events.tell({ kind: 'faultInjected', atMs: clock.mono(), fault: names });
      };
      const fresh = () => createFaultInjection({ settings: faultInjection, unit, onInjected });
      this.faults = kept(before?.faults, faultInjection) ?? fresh();
      layers.push(faultInjectionLayer(this.faults, around));
    }
    return layers;
  }
}

/** What rules tell of a refusal. */
interface Refused {
  readonly priority: Priority;
  readonly carriedOut: boolean;
}

/** The rule of before with new settings, if there was one. */
function kept<S, R extends { update(settings: S): void }>(rule: R | undefined, settings: S): R | undefined {
  rule?.update(settings);
  return rule;
}

const stack =
  (layers: readonly Layer[]): Layer =>
  <T>(call: Call<T>): Call<T> =>
    layers.reduceRight((inside, layer) => layer(inside), call);

/** Runs a call through layers that stand outside of its retries: they wait and answer by the caller's signal and patience. */
function executeThrough(layer: Layer, { clock }: Surroundings): OuterExecute {
  return <T>(engine: Engine, call: Call<T>, options: ExecuteOptions = {}): Promise<T> => {
    const { signal, timeoutMs = never, priority = 'normal', key } = options;
    const context = new LazyContext({ attempt: 0, priority, key, limitMs: clock.mono() + timeoutMs }, clock);
    const inside: Call<T> = (given: CallContext) => {
      // The errand of a cache has a signal of its own; else the caller's is the nearer one, where there is one at all.
      const nearest = given === context ? signal : given.signal;
      const patienceMs = given.remainingMs();
      return engine.fly(call, {
        ...options,
        signal: nearest,
        timeoutMs: patienceMs === never ? undefined : patienceMs,
      });
    };
    const leave = () => context.cancel(signal?.reason);
    if (signal?.aborted === true) leave();
    signal?.addEventListener('abort', leave, { once: true });
    const through = new Promise<T>((resolve) => resolve(layer(inside)(context)));
    return signal === undefined ? through : through.finally(() => signal.removeEventListener('abort', leave));
  };
}
