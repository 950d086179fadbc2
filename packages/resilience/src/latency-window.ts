// A handful of stopwatch readings: collects latencies until there are enough of them and gives one quantile. Readings of calls that
// began before the window did are left out, so what is measured belongs to the concurrency that held in it. Bounded; sorted once a window.

export interface LatencyWindow {
  readonly startedMs: number;
  readonly count: number;
  /** True when the reading belongs to this window. */
  add(latencyMs: number, nowMs: number): boolean;
  /** The q-quantile of the readings; NaN when there are none. */
  quantile(q: number): number;
  mean(): number;
  restart(nowMs: number): void;
}

/** At most `sizeMax` readings are kept; later ones are not looked at. */
export function createLatencyWindow(sizeMax: number): LatencyWindow {
  const readings = new Float64Array(sizeMax);
  let [startedMs, count] = [Number.NEGATIVE_INFINITY, 0];
  return {
    get startedMs() {
      return startedMs;
    },
    get count() {
      return count;
    },
    add(latencyMs, nowMs) {
      if (nowMs - latencyMs < startedMs || count >= sizeMax) return false;
      readings[count++] = latencyMs;
      return true;
    },
    quantile(q) {
      if (count === 0) return Number.NaN;
      const sorted = readings.subarray(0, count).toSorted();
      return sorted[Math.min(count - 1, Math.floor(q * count))]!;
    },
    mean: () => readings.subarray(0, count).reduce((sum, one) => sum + one, 0) / count,
    restart(nowMs) {
      startedMs = nowMs;
      count = 0;
    },
  };
}
