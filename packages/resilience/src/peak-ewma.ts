// How slow somebody has been lately, with a memory that jumps up at once and forgets slowly: like a driver who brakes
// at the first red light and only gradually trusts the road again. After Finagle's PeakEwma (Twitter, Apache-2.0):
// a sample above the average replaces it, one below is blended in by the time that has passed. One correction (asked for in
// envoyproxy/envoy#20907): failures are counted apart, as a share, and each weighs like a long wait. A quick failure is no quick answer and
// says nothing about latency, so a host that fails in 1 ms looks slow and not fast.

export interface PeakEwma {
  /** What asking costs, in milliseconds: latency, and the share of failures x `penaltyMs`. Both fade while nothing is observed. */
  cost(nowMs: number, penaltyMs: number): number;
  /** Share of failures among the latest answers, 0 to 1. */
  readonly failing: number;
  /** A success that took `latencyMs`. */
  succeeded(latencyMs: number, nowMs: number): void;
  /** A failure: a slow one is slow, too; a fast one is only a failure. */
  failed(latencyMs: number, nowMs: number): void;
  /** Forgets the failures: they have been atoned for. */
  forgive(): void;
}

/** What one answer weighs in the share of failures. */
const weight = 0.1;

/** Failures fade this many times faster than latency while nobody asks: outages end, slowness stays. */
const fadesFaster = 4;

/** `decayMs`: after this long, 63 % of the past latency is forgotten. */
export function createPeakEwma(options: { decayMs: number; nowMs: number }): PeakEwma {
  return new Average(options.decayMs, options.nowMs);
}

/** A class, so that its numbers are fields that the fastest code can read. */
class Average implements PeakEwma {
  failing = 0;
  private average = 0;
  private stampMs: number;
  private readonly decayMs: number;

  constructor(decayMs: number, nowMs: number) {
    this.decayMs = decayMs;
    this.stampMs = nowMs;
  }

  cost(nowMs: number, penaltyMs: number): number {
    // A host that nobody asks decays towards 0, so that it is tried again. Not more often than each millisecond.
    if (nowMs - this.stampMs > 1) {
      const keep = this.age(nowMs);
      this.average *= keep;
      if (this.failing !== 0) this.failing *= keep ** fadesFaster;
    }
    return this.average + this.failing * penaltyMs;
  }

  succeeded(latencyMs: number, nowMs: number): void {
    if (this.failing !== 0) this.failing = this.failing < 1e-6 ? 0 : this.failing * (1 - weight);
    if (latencyMs > this.average) {
      this.average = latencyMs;
      this.stampMs = nowMs;
      return;
    }
    const keep = this.age(nowMs);
    this.average = this.average * keep + latencyMs * (1 - keep);
  }

  failed(latencyMs: number, nowMs: number): void {
    this.failing += (1 - this.failing) * weight;
    this.stampMs = nowMs;
    if (latencyMs > this.average) this.average = latencyMs;
  }

  forgive(): void {
    this.failing = 0;
  }

  /** The part of the past that still counts at `nowMs`, which becomes the present. */
  private age(nowMs: number): number {
    const keep = Math.exp(Math.min(0, this.stampMs - nowMs) / this.decayMs);
    this.stampMs = nowMs;
    return keep;
  }
}
