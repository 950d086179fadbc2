// The ear of the bouncer: is a full house slower than a half-full one? Then fewer may come in, else more. A gradient after Netflix's Gradient2
// and Envoy's minRTT probing, with three differences that their open issues ask for: the latency without a queue is only ever learned
// at half the limit or below, so it cannot ratchet up (concurrency-limits#165); calls that time out lower the limit instead of looking like a
// flat latency (#137); and it grows only while the house is full and no slower than half-full (#134). No timers; it refuses nobody itself.
//
//   steady --- every few full windows ---> drain --- half are gone ---> look --- a window read ---> steady
//                                            '--- they do not go ----------------------------------> steady
import { createLatencyWindow } from './latency-window.ts';
import type { LimitOutcome } from './policy/types.ts';

export interface GradientSettings {
  readonly min: number;
  readonly initial: number;
  readonly max: number;
  readonly tolerance: number;
  readonly quantile: number;
}

const samplesMin = 50;
const samplesMax = 500;
const perSlot = 4;
/** While it is still far from right, haste is worth more than precision. */
const perSlotInHaste = 1;
/** A full house so many times slower than a half-full one (two would be the whole truth) means that half keeps everybody busy. */
const queueing = 1.6;
/** Less than so many times slower: there is room for many more. */
const moving = 1.15;
/** Full windows between two looks at half the limit: few while things move, up to this many while they do not. */
const lookGapMax = 32;
/** Looks whose median is believed. */
const looksKept = 5;
/** Above this share of dropped calls a window speaks of overload, whatever its latencies. */
const droppedMax = 0.1;
/** Weight of a new window's latency against the windows before it. */
const freshness = 0.4;
/** Below this a latency is the noise of the event loop. */
const latencyFloorMs = 1;

/** Learns how many calls at once the other side bears. A class, because `take` and `release` run in every call. */
export class ConcurrencyGradient {
  limit: number;
  inFlight = 0;
  /** Latency of a call that waits for nobody, at the quantile compared (ms); undefined before the first window. */
  baselineMs: number | undefined;
  /** Its p90 (ms); 0 before the first look. */
  tailMs = 0;
  /** Mean latency of late (ms); 0 before the first window. */
  meanMs = 0;
  #settings: GradientSettings;
  readonly #window = createLatencyWindow(samplesMax);
  readonly #looks: number[] = [];
  #phase: 'steady' | 'drain' | 'look' = 'steady';
  #recentMs: number | undefined;
  /** Mean latency without a queue. */
  #workMs = 0;
  #limitAtLook = 0;
  #peak = 0;
  #wasFull = false;
  #dropped = 0;
  #untilLook = 1;
  #lookGap = 1;
  /** Until a full house was seen that is about right; up no more once it went down. */
  #haste: 'any' | 'down' | 'none' = 'any';

  constructor(settings: GradientSettings) {
    this.#settings = settings;
    this.limit = settings.initial;
  }

  /** Calls that may be inside at this moment: half of the limit while it looks. */
  get slots(): number {
    return this.#phase === 'steady' ? Math.ceil(this.limit) : half(this.limit);
  }

  /** Somebody had to stay outside. */
  full(): void {
    this.#wasFull = true;
  }

  take(nowMs: number): void {
    this.inFlight++;
    if (this.inFlight > this.#peak) this.#peak = this.inFlight;
    if (this.inFlight >= this.slots) this.#fills(nowMs);
    if (this.#window.startedMs === Number.NEGATIVE_INFINITY) this.#window.restart(nowMs);
  }

  #fills(nowMs: number): void {
    // Those who came in while it was filling up have waited for fewer.
    if (this.#haste !== 'none' && !this.#wasFull && this.#phase === 'steady') this.#window.restart(nowMs);
    this.#wasFull = true;
  }

  release(outcome: LimitOutcome, rttMs: number, nowMs: number): void {
    this.inFlight--;
    if (this.#phase === 'drain' && this.inFlight <= half(this.limit)) {
      this.#phase = 'look';
      this.#restart(nowMs);
    }
    if (outcome === 'dropped') this.#dropped++;
    else if (outcome === 'ok' && rttMs >= 0) this.#window.add(rttMs, nowMs);
    if (this.#window.count + this.#dropped >= this.#samplesWanted()) this.#close(nowMs);
  }

  update(settings: GradientSettings): void {
    this.#settings = settings;
    this.#setLimit(this.limit);
  }

  #samplesFor(limit: number): number {
    return Math.min(samplesMax, (this.#haste !== 'none' ? perSlotInHaste : perSlot) * limit);
  }

  #samplesWanted(): number {
    // As many readings a slot while it looks: calls that take long are missing at the end of a window, in both to the same degree.
    const wanted = this.#phase === 'look' ? this.#samplesFor(this.limit) / 2 : this.#samplesFor(this.limit);
    return Math.max(samplesMin, wanted);
  }

  #close(nowMs: number): void {
    const droppedShare = this.#dropped / (this.#window.count + this.#dropped);
    const readingMs = this.#window.quantile(this.#settings.quantile);
    if (this.#window.count > 0)
      this.meanMs += (this.#window.mean() - this.meanMs) * (this.meanMs === 0 ? 1 : freshness);
    const isHalfEmpty = this.#peak <= half(this.limit) && this.limit > 1;
    if (droppedShare > droppedMax) {
      this.#phase = 'steady';
      this.#setLimit(this.limit * (1 - droppedShare / 2));
    } else if (isHalfEmpty) this.#learn(readingMs);
    else this.#judge(readingMs);
    this.#restart(nowMs);
  }

  /** What was read while the house was half empty is a latency without a queue, or with half of one. */
  #learn(readingMs: number): void {
    const before = this.baselineMs;
    const [meanMs, tailMs] = [this.#window.mean(), this.#window.quantile(0.9)];
    // So much quicker than believed: what was believed was a queue.
    if (before !== undefined && readingMs < before * 0.7) this.#looks.length = 0;
    const weight = this.#looks.length === 0 ? 1 : 1 / looksKept;
    this.#workMs += (meanMs - this.#workMs) * weight;
    this.tailMs += (tailMs - this.tailMs) * weight;
    this.#looks.push(readingMs);
    if (this.#looks.length > looksKept) this.#looks.shift();
    this.baselineMs = this.#looks.toSorted((a, b) => a - b)[Math.floor(this.#looks.length / 2)]!;
    this.#limitAtLook = this.limit;
    if (this.#phase === 'steady') return;
    this.#lookAgainAfter(this.#looks.length === 1 ? 2 : this.#lookGap * 2);
  }

  #lookAgainAfter(windows: number): void {
    this.#phase = 'steady';
    this.#lookGap = Math.min(lookGapMax, windows);
    this.#untilLook = this.#lookGap;
  }

  #judge(readingMs: number): void {
    // The house would not empty: calls that may not be kept waiting fill half of it by themselves.
    if (this.#phase !== 'steady') {
      this.#lookAgainAfter(this.#lookGap * 2);
      return;
    }
    if (!this.#wasFull) return;
    if (this.#haste !== 'none' && this.baselineMs !== undefined && this.#hasten(readingMs, this.baselineMs)) return;
    this.#recentMs =
      this.#recentMs === undefined ? readingMs : this.#recentMs + (readingMs - this.#recentMs) * freshness;
    // Below two there is no half: what is read is what there is.
    if (this.limit <= 1) this.#learn(readingMs);
    else if (--this.#untilLook <= 0) this.#phase = 'drain';
    this.#step(this.baselineMs === undefined ? 0 : Math.max(0, this.#recentMs - this.baselineMs));
  }

  /** The first steps, from a limit that nobody has learned: double, or down to what fits at once, and a look after each. False: it is about right. */
  #hasten(readingMs: number, baselineMs: number): boolean {
    const slower = readingMs / Math.max(baselineMs, latencyFloorMs);
    if (slower > queueing && this.limit > this.#settings.min) {
      this.#haste = 'down';
      this.#setLimit(Math.min(half(this.limit), this.#fitting(readingMs - baselineMs)));
    } else if (slower < moving && this.#haste === 'any' && this.limit < this.#settings.max) {
      this.#setLimit(this.limit * 2);
    } else {
      this.#haste = 'none';
      return false;
    }
    // What was read in a fuller house says nothing about this one.
    this.#recentMs = undefined;
    this.#phase = 'drain';
    return true;
  }

  get #waitMaxMs(): number {
    const [tailMs, workMs] = [Math.max(this.tailMs, latencyFloorMs), Math.max(this.#workMs, latencyFloorMs)];
    // Where some calls take much longer than others anyway, a wait is felt less, and the next pause is harder to foresee.
    return this.#settings.tolerance * tailMs * Math.sqrt(Math.max(1, tailMs / workMs));
  }

  /** What a call waits is the mean work of those inside that are not worked on: from that, how many are just enough. */
  #fitting(waitMs: number): number {
    const workMs = Math.max(this.#workMs, latencyFloorMs);
    return this.limit * ((workMs + this.#waitMaxMs) / (workMs + waitMs));
  }

  #step(waitMs: number): void {
    const step = Math.sqrt(this.limit) / 2;
    const fitting = this.#fitting(waitMs);
    if (waitMs <= this.#waitMaxMs) this.#setLimit(this.limit + step);
    // A little too slow may be chance: as careful down as up. Far too slow is not.
    else if (fitting > this.limit / 2) this.#setLimit(Math.max(fitting, this.limit - step));
    else this.#setLimit(Math.max(fitting, this.limit / 2));
    // The last look was into a house that was fuller than this one is now.
    if (this.limit < this.#limitAtLook * 0.75) this.#untilLook = Math.min(this.#untilLook, 2);
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
  return Math.ceil(Math.ceil(limit) / 2);
}
