// The ledger and the histogram, told in one line of numbers.
import type { Histogram } from './histogram.ts';
import type { Verdict } from './ledger.ts';

export interface Snapshot {
  /** What was asked in this span: ok + failed + severed + unsent. */
  readonly total: number;
  readonly ok: number;
  readonly failed: number;
  readonly severed: number;
  readonly unsent: number;
  /** Sent and not yet answered. */
  readonly waiting: number;
  /** Length of the span. */
  readonly ms: number;
  readonly rps: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export function summarize(span: {
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly before?: Readonly<Record<Verdict, number>>;
  readonly histogram: Histogram;
  readonly ms: number;
  readonly waiting: number;
}): Snapshot {
  const { counts, before, histogram, ms, waiting } = span;
  const since = (verdict: Verdict) => counts[verdict] - (before?.[verdict] ?? 0);
  const [ok, failed, severed, unsent] = [since('ok'), since('failed'), since('severed'), since('unsent')];
  const total = ok + failed + severed + unsent;
  const at = (share: number) => round(histogram.quantile(share));
  return {
    ...{ total, ok, failed, severed, unsent, waiting, ms: Math.round(ms) },
    rps: ms > 0 ? round((total - unsent) / (ms / 1000)) : 0,
    ...{ p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: round(histogram.maxMs) },
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
