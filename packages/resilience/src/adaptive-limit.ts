// The bouncer who counts and listens: as long as those inside move freely he lets more in, when the room gets thick he lets fewer in.
// A gradient limit after Netflix's Gradient2 and Envoy's minRTT probing, with three differences that their open issues ask for:
// the no-load latency is only ever learned at half the limit or below (concurrency-limits#165), calls that time out lower the limit instead of
// looking like a flat latency (#137), and it grows only while a full house is no slower than a half-full one (#134). No timers; it queues nobody.

import type { Priority } from './carried.ts';
import { createLatencyWindow } from './latency-window.ts';
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
  /** A full house may be this many times slower than a half-full one; default 1.5. */
  readonly tolerance?: number;
  /** The quantile of latency that is compared; default 0.9. */
  readonly quantile?: number;
  /** Share of refusals that are carried out, 0 to 1; default 1. At 0 it only tells (dry run). */
  readonly enforce?: number;
}

export interface AdaptiveLimit extends ConcurrencyLimit {
  /** Slots now, as a fraction; the bound is its whole part. */
  readonly limit: number;
  readonly inFlight: number;
  /** Latency of a call that waits for nobody, as far as known (ms); undefined before the first window. */
  readonly baselineMs: number | undefined;
  /** Where the line between the priorities is, see priority-levels.ts. */
  readonly line: number;
  /** True: the slot is taken, pair it with `release`. False: refused, `onRefused` was told. */
  tryAcquire(nowMs: number, priority: Priority): boolean;
  /** Whether a call of this class would find a slot, priorities' line aside; takes nothing and tells nobody. */
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

const defaults = { min: 1, initial: 20, max: 200, tolerance: 1.5, quantile: 0.9, enforce: 1 };
const samplesMin = 50;
const samplesMax = 500;
/** Full windows between two looks at half the limit: few while things move, up to this many while they do not. */
const probeGapMax = 32;
const baselinesKept = 5;

/** Learns how many calls at once the other side bears. O(1) a call but for one sort of at most 500 numbers a window. */
export function createAdaptiveLimit(options: AdaptiveLimitOptions): AdaptiveLimit {
  return new GradientLimit(options);
}

class GradientLimit implements AdaptiveLimit {
  limit: number;
  inFlight = 0;
  baselineMs: number | undefined;
  #settings: Required<AdaptiveLimitSettings>;
  readonly #unit: () => number;
  readonly #onRefused: NonNullable<AdaptiveLimitOptions['onRefused']>;
  readonly #levels = createPriorityLevels();
  readonly #window = createLatencyWindow(samplesMax);
  readonly #baselines: number[] = [];
  /** 'look': the limit is halved until a window of latencies without a queue has been read; 'drain': still too many inside for that. */
  #phase: 'steady' | 'drain' | 'look' = 'steady';
  #recentMs: number | undefined;
  #peak = 0;
  #wasFull = false;
  #dropped = 0;
  #untilLook = 0;
  #lookGap = 1;

  constructor({ settings = {}, unit, onRefused = () => {} }: AdaptiveLimitOptions) {
    this.#settings = checked(settings);
    this.#unit = unit;
    this.#onRefused = onRefused;
    this.limit = this.#settings.initial;
  }

  get line(): number {
    return this.#levels.line;
  }

  tryAcquire(nowMs: number, priority: Priority): boolean {
    const passes = this.#levels.arrive(priority, this.#unit(), nowMs);
    const fits = this.hasRoom(priority);
    if (passes && !fits) this.#levels.full();
    if (!(passes && fits)) {
      const carriedOut = this.#settings.enforce >= 1 || this.#unit() < this.#settings.enforce;
      this.#onRefused({ priority, carriedOut });
      if (carriedOut) return false;
    }
    this.#levels.admitted();
    this.take(nowMs);
    return true;
  }

  hasRoom(priority: Priority): boolean {
    const slots = Math.max(1, Math.floor(this.limit));
    // The critical ones may stand in the aisle: a burst of them must not meet a house filled by others.
    const bound =
      priority === 'critical' ? slots + Math.ceil(Math.sqrt(slots)) : this.#phase === 'steady' ? slots : half(slots);
    const fits = this.inFlight < bound;
    if (!fits) this.#wasFull = true;
    return fits;
  }

  take(nowMs: number): void {
    this.inFlight++;
    if (this.inFlight > this.#peak) this.#peak = this.inFlight;
    if (this.inFlight >= Math.floor(this.limit)) this.#wasFull = true;
    if (this.#window.startedMs === Number.NEGATIVE_INFINITY) this.#window.restart(nowMs);
  }

  release(outcome: LimitOutcome, rttMs: number, nowMs: number): void {
    this.inFlight--;
    if (this.#phase === 'drain' && this.inFlight <= half(this.limit)) {
      this.#phase = 'look';
      this.#restart(nowMs);
    }
    if (outcome === 'dropped') this.#dropped++;
    else if (outcome === 'ok' && rttMs >= 0) this.#window.add(rttMs, nowMs);
    const seen = this.#window.count + this.#dropped;
    if (seen >= Math.min(samplesMax, Math.max(samplesMin, 4 * this.limit))) this.#close(nowMs);
  }

  update(settings: AdaptiveLimitSettings): void {
    this.#settings = checked(settings);
    this.#setLimit(this.limit);
  }

  #close(nowMs: number): void {
    const seen = this.#window.count + this.#dropped;
    const droppedShare = this.#dropped / seen;
    const readingMs = this.#window.quantile(this.#settings.quantile);
    if (droppedShare > 0.1) this.#lower(1 - droppedShare / 2);
    else if (this.#phase === 'look' || this.#peak <= half(this.limit)) this.#learn(readingMs);
    else if (this.#phase === 'steady') this.#judge(readingMs);
    this.#restart(nowMs);
  }

  /** A latency without a queue is known. */
  #learn(readingMs: number): void {
    const before = this.baselineMs;
    this.#baselines.push(readingMs);
    if (this.#baselines.length > baselinesKept) this.#baselines.shift();
    this.baselineMs = this.#baselines.toSorted((a, b) => a - b)[Math.floor(this.#baselines.length / 2)]!;
    if (this.#phase !== 'look') return;
    this.#phase = 'steady';
    this.#recentMs = undefined;
    const moved = before === undefined || Math.abs(Math.log(this.baselineMs / before)) > 0.25;
    this.#lookGap = moved ? 2 : Math.min(probeGapMax, this.#lookGap * 2);
    this.#untilLook = this.#lookGap;
  }

  /** A full house: is it slower than a half-full one? */
  #judge(readingMs: number): void {
    if (!this.#wasFull) return;
    this.#recentMs = this.#recentMs === undefined ? readingMs : this.#recentMs ** 0.6 * readingMs ** 0.4;
    if (this.limit < 2) this.#learn(readingMs);
    else if (--this.#untilLook <= 0) this.#phase = 'drain';
    if (this.baselineMs === undefined) return;
    const ratio = this.#recentMs / this.baselineMs;
    const { tolerance } = this.#settings;
    if (ratio <= tolerance) this.#setLimit(this.limit + Math.sqrt(this.limit) / 2);
    else this.#lower(Math.max(0.5, tolerance / ratio));
  }

  #lower(factor: number): void {
    this.#setLimit(this.limit * factor);
  }

  #setLimit(limit: number): void {
    const { min, max } = this.#settings;
    this.limit = Math.min(max, Math.max(min, limit));
  }

  #restart(nowMs: number): void {
    this.#window.restart(nowMs);
    this.#peak = this.inFlight;
    this.#wasFull = false;
    this.#dropped = 0;
  }
}

function half(limit: number): number {
  return Math.max(1, Math.floor(limit / 2));
}

function checked(settings: AdaptiveLimitSettings): Required<AdaptiveLimitSettings> {
  const all = { ...defaults, ...settings };
  checkNumbers('adaptiveLimit', [
    { name: 'min', value: all.min, min: 1, max: 1e6 },
    { name: 'max', value: all.max, min: all.min, max: 1e6 },
    { name: 'initial', value: all.initial, min: all.min, max: all.max },
    { name: 'tolerance', value: all.tolerance, min: 1.05, max: 10 },
    { name: 'quantile', value: all.quantile, min: 0.1, max: 0.99 },
    { name: 'enforce', value: all.enforce, min: 0, max: 1 },
  ]);
  return all;
}
