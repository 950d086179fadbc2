// Pigeon-holes for latencies: each reading goes into one of 128 holes, a fifth wider than the one before, from 10 us to hours; a quantile is found
// by walking them. Two racks, of which the older is emptied every minute, so the past fades by the clock. 1 kB, O(1) to add; within 10 % of the
// true quantile (the idea of HdrHistogram and DDSketch, with the resolution this needs).

export interface MovingQuantile {
  add(valueMs: number, nowMs: number): void;
  /** Readings remembered. */
  count(nowMs: number): number;
  /** The q-quantile in ms; 0 while nothing is known. */
  quantile(q: number, nowMs: number): number;
}

const holes = 128;
const smallestMs = 0.01;
const growth = 1.2;
const scale = 1 / Math.log(growth);

/** Remembers the last one to two periods of `periodMs`. */
export function createMovingQuantile(periodMs = 60_000): MovingQuantile {
  let older = new Uint32Array(holes);
  let newer = new Uint32Array(holes);
  let [olderCount, newerCount, period] = [0, 0, Number.NaN];
  const turn = (nowMs: number) => {
    const index = Math.floor(nowMs / periodMs);
    if (Number.isNaN(period)) period = index;
    if (index <= period) return;
    [older, newer] = [newer, older];
    olderCount = newerCount;
    newer.fill(0);
    newerCount = 0;
    if (index > period + 1) {
      older.fill(0);
      olderCount = 0;
    }
    period = index;
  };
  return {
    add(valueMs, nowMs) {
      turn(nowMs);
      const hole = valueMs <= smallestMs ? 0 : Math.min(holes - 1, Math.ceil(Math.log(valueMs / smallestMs) * scale));
      newer[hole] = newer[hole]! + 1;
      newerCount++;
    },
    count(nowMs) {
      turn(nowMs);
      return olderCount + newerCount;
    },
    quantile(q, nowMs) {
      turn(nowMs);
      let rest = q * (olderCount + newerCount);
      if (rest === 0) return 0;
      for (let hole = 0; hole < holes; hole++) {
        rest -= older[hole]! + newer[hole]!;
        if (rest <= 0) return smallestMs * growth ** (hole - 0.5);
      }
      return smallestMs * growth ** (holes - 1);
    },
  };
}
