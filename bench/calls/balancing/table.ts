// The table of the balancer simulation: every usher a column, four scenarios, then those who are not dead but not well. First ours beside the best of the others
// in each line (a ratio of 1 is a draw), then beside each of them. Deterministic: the seeds are in the code, and two runs print the same.
import type { Row } from '../../row.ts';
import { type Column, columns, hale } from './columns.ts';
import { falseEjections, faults, tails, watch } from './gray.ts';
import { healthy, type Scenario, scenarios } from './profiles.ts';
import { quantile, simulate } from './simulation.ts';

export interface Score {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly failed: number;
}

/** Runs one scenario with one usher; latencies of all seeds together, failures a run. */
export function score(column: Column, scenario: Scenario, how: { seeds: readonly number[]; hands?: number }): Score {
  const backends = [...Array.from({ length: 10 }, () => healthy), scenario.odd];
  const shape = { backends, qps: 1250, durationMs: 45_000, create: column.create };
  const hands = how.hands === undefined ? {} : { hands: how.hands };
  const outcomes = how.seeds.map((seed) => simulate({ ...shape, ...hands, seed }));
  const all = new Float64Array(outcomes.reduce((total, outcome) => total + outcome.latenciesMs.length, 0));
  let at = 0;
  for (const { latenciesMs } of outcomes) {
    all.set(latenciesMs, at);
    at += latenciesMs.length;
  }
  all.sort();
  const failed = outcomes.reduce((total, outcome) => total + outcome.failed, 0) / outcomes.length;
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99), p999: quantile(all, 0.999), failed };
}

const seeds = [101, 202, 303];
const metrics = [
  { of: 'p50', name: 'p50', unit: 'ms' },
  { of: 'p99', name: 'p99', unit: 'ms' },
  { of: 'p999', name: 'p99.9', unit: 'ms' },
  { of: 'failed', name: 'failed a run', unit: 'requests' },
] as const;

export async function run(): Promise<readonly Row[]> {
  return [...scenarios.flatMap(scenarioRows), ...grayRows(), ...falseEjectionRows()];
}

function scenarioRows(scenario: Scenario): readonly Row[] {
  const scores = columns.map((column) => ({ column, score: score(column, scenario, { seeds }) }));
  const ours = scores.find(({ column }) => column === hale)!.score;
  const others = scores.filter(({ column }) => column !== hale);
  return metrics.flatMap(({ of, name, unit }): readonly Row[] => {
    const best = others.reduce((a, b) => (b.score[of] < a.score[of] ? b : a));
    const row = (peer: number, peerName: string): Row => {
      const ratio = peer === ours[of] ? 1 : peer / ours[of];
      return { case: `balancing: ${scenario.name}`, metric: name, hale: ours[of], unit, peer, peerName, ratio };
    };
    return [
      row(best.score[of], `the best: ${best.column.name}`),
      ...others.map(({ column, score: theirs }) => row(theirs[of], column.name)),
    ];
  });
}

/** Percent, and the worst of the seeds. */
function grayRows(): readonly Row[] {
  const worst = (fault: keyof typeof faults, of: (shares: readonly number[]) => number) =>
    100 * Math.max(...seeds.map((seed) => of(watch(faults[fault], { ill: 1, seed, seconds: 60 }).shares)));
  const max = (shares: readonly number[]) => Math.max(...shares);
  const common = (fault: keyof typeof faults, ill: number) =>
    seeds.map((seed) => watch(faults[fault], { ill, seed, seconds: 60 }));
  const halves = [...common('slow', 10), ...common('failsInOneMs', 10), ...common('failsHalfInOneMs', 10)];
  const said = halves.filter((seen) => seen.sharedFaults.length > 0).length;
  const slow = 'gray: 1 of 20 ten times slower';
  const fast = 'gray: 1 of 20 fails in 1 ms';
  return [
    {
      case: slow,
      metric: 'share of traffic in its worst second after 3 s',
      hale: worst('slow', (s) => max(s.slice(3))),
      unit: '%',
    },
    {
      case: fast,
      metric: 'share of traffic in its worst second (1/N is 5)',
      hale: worst('failsInOneMs', max),
      unit: '%',
    },
    {
      case: 'gray: 1 of 20 fails half of its answers in 1 ms',
      metric: 'share in its worst second',
      hale: worst('failsHalfInOneMs', max),
      unit: '%',
    },
    {
      case: 'gray: a fault of 10 of 20',
      metric: 'ejections',
      hale: halves.flatMap((seen) => seen.ejections).length,
      unit: `in ${halves.length} runs`,
    },
    { case: 'gray: a fault of 10 of 20', metric: 'told as shared', hale: said, unit: `of ${halves.length} runs` },
  ];
}

/** A tenth of the million that the figure is of, so that the table takes seconds; `hostWindows` is in the row. */
function falseEjectionRows(): readonly Row[] {
  const hostWindows = 25_000;
  return [0, 0.01].map((failing) => {
    const all = Object.values(tails).map((tail) => falseEjections(tail, { hostWindows, failing, seed: 7 }));
    return {
      case: `gray: healthy, four heavy tails, ${failing * 100} % of answers failing`,
      metric: 'false ejections',
      hale: all.reduce((a, b) => a + b, 0),
      unit: `in ${all.length * hostWindows} host-seconds`,
    };
  });
}
