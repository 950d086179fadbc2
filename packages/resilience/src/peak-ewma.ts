// How slow somebody has been lately, with a memory that jumps up at once and forgets slowly: like a driver who brakes
// at the first red light and only gradually trusts the road again. After Finagle's PeakEwma (Twitter, Apache-2.0):
// a sample above the average replaces it, one below is blended in by the time that has passed. One correction (asked for in
// envoyproxy/envoy#20907): a failure is blended in as a long wait, so a host that fails in 1 ms looks slow, not fast.

export interface PeakEwma {
  /** The current cost in milliseconds; it decays while nothing is observed. */
  cost(nowMs: number): number;
  /** A success that took `latencyMs`. */
  succeeded(latencyMs: number, nowMs: number): void;
  /** A failure, however fast. */
  failed(latencyMs: number, nowMs: number): void;
}

/** `decayMs`: after this long, 63 % of the past is forgotten. `penaltyMs`: what a failure costs at least. */
export function createPeakEwma(options: { decayMs: number; penaltyMs: number; nowMs: number }): PeakEwma {
  const { decayMs, penaltyMs } = options;
  let average = 0;
  let stampMs = options.nowMs;
  const blend = (sample: number, nowMs: number) => {
    const keep = Math.exp(-Math.max(0, nowMs - stampMs) / decayMs);
    average = average * keep + sample * (1 - keep);
    stampMs = nowMs;
  };
  return {
    cost(nowMs) {
      // A host that nobody asks decays towards 0, so that it is tried again. Not more often than each millisecond.
      if (nowMs - stampMs > 1) blend(0, nowMs);
      return average;
    },
    succeeded(latencyMs, nowMs) {
      if (latencyMs > average) {
        average = latencyMs;
        stampMs = nowMs;
      } else blend(latencyMs, nowMs);
    },
    failed(latencyMs, nowMs) {
      blend(Math.max(latencyMs, penaltyMs), nowMs);
      if (latencyMs > average) average = latencyMs;
    },
  };
}
