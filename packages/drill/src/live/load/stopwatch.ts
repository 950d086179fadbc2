// The stopwatch with a lap button: latencies and counts since the start, and since the last lap.
import type { Clock } from '@hale/base';
import { createHistogram } from './histogram.ts';
import type { Ledger } from './ledger.ts';
import { type Snapshot, summarize } from './report.ts';

export interface Stopwatch {
  record(ms: number): void;
  /** Since the last lap; begins the next. */
  lap(waiting: number): Snapshot;
  /** Since the start. */
  whole(waiting: number): Snapshot;
}

export function createStopwatch(ledger: Ledger, clock: Clock): Stopwatch {
  const startedMs = clock.mono();
  const laps = createHistogram();
  let lap = createHistogram();
  let lapStartedMs = startedMs;
  let before = { ...ledger.counts };
  return {
    record: (ms) => lap.record(ms),
    lap(waiting) {
      const nowMs = clock.mono();
      const counts = { ...ledger.counts };
      const snapshot = summarize({ counts, before, histogram: lap, ms: nowMs - lapStartedMs, waiting });
      laps.add(lap);
      lap = createHistogram();
      lapStartedMs = nowMs;
      before = counts;
      return snapshot;
    },
    whole(waiting) {
      const all = createHistogram();
      all.add(laps);
      all.add(lap);
      return summarize({ counts: ledger.counts, histogram: all, ms: clock.mono() - startedMs, waiting });
    },
  };
}
