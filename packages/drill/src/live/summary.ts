// Many runs of one drill in one line: medians of times, sums of counts, and the tail: p99 where there are 500 runs, else the maximum.
import type { DrillLine, DrillRequests } from '../script/result.ts';

type Times = 'suspectedMs' | 'detectedMs' | 'isolatedMs' | 'recoveredMs' | 'failedOverMs';
const times: readonly Times[] = ['suspectedMs', 'detectedMs', 'isolatedMs', 'recoveredMs', 'failedOverMs'];

export interface DrillSummary extends DrillLine {
  /** 'p99' where n >= 500, else 'max'. */
  readonly tail: 'p99' | 'max';
  readonly tails: Readonly<Record<Times, number | undefined>>;
  /** 95th percentile of recoveredMs. */
  readonly recoveredP95Ms: number | undefined;
}

/** Throws when there is no run. */
export function summarizeRuns(runs: readonly DrillLine[]): DrillSummary {
  const [first] = runs;
  if (first === undefined) throw new Error('no run to summarise');
  const sum = (of: (run: DrillLine) => number) => runs.reduce((total, run) => total + of(run), 0);
  const values = (name: Times) => runs.flatMap((run) => run[name] ?? []).sort((a, b) => a - b);
  const tail = runs.length >= 500 ? 'p99' : 'max';
  const tailOf = (name: Times) => quantile(values(name), tail === 'p99' ? 0.99 : 1);
  const middle = (name: Times) => quantile(values(name), 0.5);
  return {
    ...first,
    n: runs.length,
    verdict: runs.find((run) => run.verdict === 'failed')?.verdict ?? first.verdict,
    suspectedMs: middle('suspectedMs'),
    detectedMs: middle('detectedMs'),
    isolatedMs: middle('isolatedMs'),
    recoveredMs: middle('recoveredMs'),
    failedOverMs: middle('failedOverMs'),
    requests: sumOfRequests(runs.flatMap((run) => run.requests ?? [])),
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

function sumOfRequests(runs: readonly DrillRequests[]): DrillRequests | undefined {
  if (runs.length === 0) return undefined;
  const sum = (of: (run: DrillRequests) => number) => runs.reduce((total, run) => total + of(run), 0);
  const middle = (of: (run: DrillRequests) => number | undefined) =>
    quantile(
      runs.flatMap((run) => of(run) ?? []).sort((a, b) => a - b),
      0.5,
    );
  return {
    total: sum((run) => run.total),
    failed: sum((run) => run.failed),
    severed: sum((run) => run.severed),
    retried: sum((run) => run.retried),
    rps: Math.round(sum((run) => run.rps) / runs.length),
    steadyP99Ms: middle((run) => run.steadyP99Ms),
    faultP99Ms: middle((run) => run.faultP99Ms),
  };
}

/** Nearest rank of sorted values. */
export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}
