// Pigeon-holes for latencies: four to each doubling, from 1/64 ms up, made only as far as they are needed. Old readings fade: every
// ten seconds by the clock all counts are halved, so a summary speaks of the last half minute. A reading costs a shift and an increment;
// quantiles are found when somebody asks (the layout of HdrHistogram with two significant bits: within 12 % of the true value).

export interface LatencySummary {
  /** Readings that still count, faded ones in part. */
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

const unitsPerMs = 64;
const fadeMs = 10_000;
const unitsMax = 2 ** 30;

/** A class, because `add` runs in every call and its state must be plain fields. */
export class LatencyHistogram {
  private holes: number[] = [];
  private fadedMs = Number.NEGATIVE_INFINITY;

  add(latencyMs: number, nowMs: number): void {
    if (nowMs - this.fadedMs >= fadeMs) this.fade(nowMs);
    const units = latencyMs >= unitsMax / unitsPerMs ? unitsMax : (latencyMs * unitsPerMs) | 0;
    let hole = units;
    if (units >= 4) {
      const power = 31 - Math.clz32(units);
      hole = ((power - 1) << 2) | ((units >> (power - 2)) & 3);
    }
    const { holes } = this;
    if (hole < holes.length) holes[hole] = holes[hole]! + 1;
    else this.grow(hole);
  }

  /** To just the length that is needed: `push` would reserve half as much again. */
  private grow(hole: number): void {
    const { holes } = this;
    this.holes = new Array<number>(((hole >> 2) + 1) << 2).fill(0);
    for (const [at, inside] of holes.entries()) this.holes[at] = inside;
    this.holes[hole] = 1;
  }

  /** Readings that still count. */
  count(nowMs: number): number {
    if (nowMs - this.fadedMs >= fadeMs) this.fade(nowMs);
    return this.holes.reduce((sum, one) => sum + one, 0);
  }

  /** All zero while nothing is known. */
  summary(nowMs: number): LatencySummary {
    const count = this.count(nowMs);
    const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((q) => this.quantile(q, nowMs)) as [number, number, number];
    return { count, p50Ms, p95Ms, p99Ms };
  }

  /** In ms; 0 while nothing is known. */
  quantile(q: number, nowMs: number): number {
    let rest = q * this.count(nowMs);
    if (rest === 0) return 0;
    for (const [hole, inside] of this.holes.entries()) {
      if (inside > 0 && rest <= inside) return middleMs(hole);
      rest -= inside;
    }
    return middleMs(this.holes.length - 1);
  }

  private fade(nowMs: number): void {
    const halvings = this.fadedMs === Number.NEGATIVE_INFINITY ? 0 : Math.floor((nowMs - this.fadedMs) / fadeMs);
    // From the tenth half-life on nothing is left worth telling.
    if (halvings >= 10) this.holes = [];
    else if (halvings > 0) for (const [hole, inside] of this.holes.entries()) this.holes[hole] = inside >> halvings;
    this.fadedMs = halvings === 0 ? nowMs : this.fadedMs + halvings * fadeMs;
  }
}

/** The middle of a hole in ms. */
function middleMs(hole: number): number {
  if (hole < 4) return (hole + 0.5) / unitsPerMs;
  const power = (hole >> 2) + 1;
  const width = 2 ** (power - 2);
  return (2 ** power + (hole & 3) * width + width / 2) / unitsPerMs;
}
