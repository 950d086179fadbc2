// The bouncer who counts and listens: as long as those inside move freely he lets more in, when the room gets thick he lets fewer in (how he
// hears that: concurrency-gradient.ts). The least urgent are turned away first: the line of the priorities keeps most of them from the door, and
// the last slots are for the critical ones. He keeps no queue and no timer; a server's door has both (shedding/admission.ts).
import type { Priority } from './carried.ts';
import { ConcurrencyGradient } from './concurrency-gradient.ts';
import type { ConcurrencyLimit, LimitOutcome } from './policy/types.ts';
import { createPriorityLevels } from './priority-levels.ts';
import { checkNumbers } from './rule-settings.ts';

export interface AdaptiveLimitSettings {
  /** Never below; default 1. */
  readonly min?: number;
  /** Before anything is known; default 20. */
  readonly initial?: number;
  /** Never above; default 200. */
  readonly max?: number;
  /** A call in a full house may wait this share of the p90 of one in a half-full house; default 0.25 (more where some calls take far longer than others): little waits, and nothing idles. */
  readonly tolerance?: number;
  /** The quantile of latency that is compared; default 0.5: half as noisy as p90, and of a wait it feels as much or more. */
  readonly quantile?: number;
  /** Share of refusals that are carried out, 0 to 1; default 1. At 0 it only tells (dry run). */
  readonly enforce?: number;
}

export interface AdaptiveLimit extends ConcurrencyLimit {
  /** Slots now, as a fraction; the bound is its whole part. */
  readonly limit: number;
  readonly inFlight: number;
  /** Latency of a call that waits for nobody (ms); undefined before the first window. */
  readonly baselineMs: number | undefined;
  /** Where the line between the priorities is, see priority-levels.ts. */
  readonly line: number;
  /** True: the slot is taken, pair it with `release`. False: refused, `onRefused` was told. */
  tryAcquire(nowMs: number, priority: Priority): boolean;
  /** Whether a call of this class would find a slot, the line of the priorities aside; takes nothing and tells nobody. */
  hasRoom(priority: Priority): boolean;
  /** Takes a slot whether or not there is room; for a queue that has asked `hasRoom`. */
  take(nowMs: number): void;
  /** Gives the slot back; `rttMs` since it was taken. */
  release(outcome: LimitOutcome, rttMs: number, nowMs: number): void;
  /** Takes new settings; slots, latencies and the limit learned stay (clamped to the new bounds). */
  update(settings: AdaptiveLimitSettings): void;
}

export interface AdaptiveLimitOptions {
  readonly settings?: AdaptiveLimitSettings;
  /** Uniform in [0, 1): decides within the class that is being cut, and for `enforce`. */
  readonly unit: () => number;
  /** A refusal, `carriedOut` false where `enforce` let it pass. */
  readonly onRefused?: (refusal: { readonly priority: Priority; readonly carriedOut: boolean }) => void;
}

/** The same for every limit that learns; without `enforce`, which is the door's. */
export const limitDefaults = { min: 1, initial: 20, max: 200, tolerance: 0.25, quantile: 0.5 };

/**
 * A limit that learns. O(1) a call, but for one sort of at most 500 numbers a window.
 *
 * @throws HALE_RESILIENCE_SETTINGS at impossible numbers
 * @example
 * const limit = createAdaptiveLimit({ unit: Math.random });
 * const beganMs = performance.now();
 * if (limit.tryAcquire(beganMs, 'normal')) {
 *   // ... the call ...
 *   limit.release('ok', performance.now() - beganMs, performance.now());
 * }
 */
export function createAdaptiveLimit({
  settings = {},
  unit,
  onRefused = () => {},
}: AdaptiveLimitOptions): AdaptiveLimit {
  let now = checked(settings);
  const gradient = new ConcurrencyGradient(now);
  const levels = createPriorityLevels();
  /** Slots that only critical calls get, while there are any. */
  const kept = (priority: Priority): number =>
    priority === 'critical' || !levels.sawCritical ? 0 : Math.floor(Math.sqrt(gradient.slots) / 2);
  const hasRoom = (priority: Priority): boolean => {
    const fits = gradient.inFlight < gradient.slots - kept(priority);
    if (!fits) gradient.full();
    return fits;
  };
  return {
    get limit() {
      return gradient.limit;
    },
    get inFlight() {
      return gradient.inFlight;
    },
    get baselineMs() {
      return gradient.baselineMs;
    },
    get line() {
      return levels.line;
    },
    hasRoom,
    take: (nowMs) => gradient.take(nowMs),
    tryAcquire(nowMs, priority) {
      const passes = levels.arrive(priority, unit(), nowMs);
      const fits = hasRoom(priority);
      if (passes && !fits) levels.full();
      if (!(passes && fits)) {
        const carriedOut = now.enforce >= 1 || unit() < now.enforce;
        onRefused({ priority, carriedOut });
        if (carriedOut) return false;
      }
      levels.admitted();
      gradient.take(nowMs);
      return true;
    },
    release: (outcome, rttMs, nowMs) => gradient.release(outcome, rttMs, nowMs),
    update(next) {
      now = checked(next);
      gradient.update(now);
    },
  };
}

function checked(settings: AdaptiveLimitSettings): Required<AdaptiveLimitSettings> {
  const { min = limitDefaults.min, max = limitDefaults.max } = settings;
  const initial = Math.max(min, Math.min(max, limitDefaults.initial));
  const all = { ...limitDefaults, enforce: 1, initial, ...settings };
  checkNumbers('adaptiveLimit', [
    { name: 'min', value: all.min, min: 1, max: 1e6 },
    { name: 'max', value: all.max, min: all.min, max: 1e6 },
    { name: 'initial', value: all.initial, min: all.min, max: all.max },
    { name: 'tolerance', value: all.tolerance, min: 0.05, max: 10 },
    { name: 'quantile', value: all.quantile, min: 0.1, max: 0.99 },
    { name: 'enforce', value: all.enforce, min: 0, max: 1 },
  ]);
  return all;
}
