// Many runs of one drill in one line: medians of times, sums of counts, and the tail: p99 where there are 500 runs, else the maximum.
import type { DrillResult } from './hands.ts';

type Times = 'suspectedMs' | 'detectedMs' | 'isolatedMs' | 'recoveredMs';
const times: readonly Times[] = ['suspectedMs', 'detectedMs', 'isolatedMs', 'recoveredMs'];

export interface DrillSummary extends DrillResult {
  /** 'p99' where n >= 500, else 'max'. */
  readonly tail: 'p99' | 'max';
  readonly tails: Readonly<Record<Times, number | undefined>>;
  /** 95th percentile of recoveredMs. */
  readonly recoveredP95Ms: number | undefined;
}

/** Throws when there is no run. */
export function summarizeRuns(runs: readonly DrillResult[]): DrillSummary {
  const [first] = runs;
  if (first === undefined) throw new Error('no run to summarise');
  const sum = (of: (run: DrillResult) => number) => runs.reduce((total, run) => total + of(run), 0);
  const values = (name: Times) => runs.flatMap((run) => run[name] ?? []).sort((a, b) => a - b);
  const tail = runs.length >= 500 ? 'p99' : 'max';
  const tailOf = (name: Times) => quantile(values(name), tail === 'p99' ? 0.99 : 1);
  const middle = (name: Times) => quantile(values(name), 0.5);
  const p99s = (name: 'steadyP99Ms' | 'faultP99Ms') =>
    quantile(
      runs.flatMap((run) => run.requests[name] ?? []).sort((a, b) => a - b),
      0.5,
    );
  return {
    ...first,
    n: runs.length,
    verdict: runs.find((run) => run.verdict === 'failed')?.verdict ?? first.verdict,
    suspectedMs: middle('suspectedMs'),
    detectedMs: middle('detectedMs'),
    isolatedMs: middle('isolatedMs'),
    recoveredMs: middle('recoveredMs'),
    requests: {
      total: sum((run) => run.requests.total),
      failed: sum((run) => run.requests.failed),
      severed: sum((run) => run.requests.severed),
      retried: sum((run) => run.requests.retried),
      rps: Math.round(sum((run) => run.requests.rps) / runs.length),
      steadyP99Ms: p99s('steadyP99Ms'),
      faultP99Ms: p99s('faultP99Ms'),
    },
    duplicates: sum((run) => run.duplicates),
    ackedLost: sum((run) => run.ackedLost),
    budgetBreaches: sum((run) => run.budgetBreaches),
    falseActions: sum((run) => run.falseActions),
    incident: runs.at(-1)?.incident,
    complaints: runs.flatMap((run) => run.complaints).slice(0, 20),
    tail,
    tails: Object.fromEntries(times.map((name) => [name, tailOf(name)])) as DrillSummary['tails'],
    recoveredP95Ms: quantile(values('recoveredMs'), 0.95),
  };
}

/** Nearest rank of sorted values. */
export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}
