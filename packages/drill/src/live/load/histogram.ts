// A ruler with ever wider marks: latencies counted in buckets of at most 3 % width, from 10 microseconds to two minutes,
// in a fixed 6 kB. After HdrHistogram's log-linear layout (Gil Tene), with 32 steps between powers of two.

export interface Histogram {
  record(ms: number): void;
  /** The value below which `share` (0..1) of what was recorded lies; 0 when nothing was. */
  quantile(share: number): number;
  readonly count: number;
  readonly maxMs: number;
  /** Adds everything of `other`. */
  add(other: Histogram): void;
  readonly buckets: Uint32Array;
}

const unitMs = 0.01;
const steps = 32;
const stepBits = 5;
const bucketsMax = steps * 20;

export function createHistogram(): Histogram {
  const buckets = new Uint32Array(bucketsMax);
  let count = 0;
  let maxMs = 0;
  return {
    buckets,
    get count() {
      return count;
    },
    get maxMs() {
      return maxMs;
    },
    record(ms) {
      const index = bucketOf(ms);
      buckets[index] = buckets[index]! + 1;
      count++;
      if (ms > maxMs) maxMs = ms;
    },
    quantile(share) {
      const rank = Math.max(1, Math.ceil(share * count));
      let seen = 0;
      for (let i = 0; i < bucketsMax; i++) {
        seen += buckets[i]!;
        if (count > 0 && seen >= rank) return Math.min(upperEdgeMs(i), maxMs);
      }
      return 0;
    },
    add(other) {
      for (let i = 0; i < bucketsMax; i++) buckets[i] = buckets[i]! + other.buckets[i]!;
      count += other.count;
      maxMs = Math.max(maxMs, other.maxMs);
    },
  };
}

function bucketOf(ms: number): number {
  const units = Math.max(0, Math.floor(ms / unitMs));
  if (units < steps) return units;
  const power = 31 - Math.clz32(units);
  const index = (power - stepBits + 1) * steps + ((units >> (power - stepBits)) - steps);
  return Math.min(index, bucketsMax - 1);
}

function upperEdgeMs(index: number): number {
  if (index < steps) return (index + 1) * unitMs;
  const power = Math.floor(index / steps) + stepBits - 1;
  return ((index % steps) + steps + 1) * 2 ** (power - stepBits) * unitMs;
}
