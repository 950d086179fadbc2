// Ten times overload with nothing tuned, in virtual time: a server with k workers behind Hale's admission with its defaults, against the
// same server bare, and beside its own unloaded latency. Cold (the siege is there from the first request) and warm (after ten quiet seconds).
// Rows: goodput in capacities, p99 of what was admitted in unloaded p99s, success of the critical class. Deterministic by seed.
import type { Row } from '../row.ts';
import { besiege, exponential, heavyTail, type Siege, steady, type Tally } from './overload/world.ts';

const kinds = { 'heavy tail (cv 2)': heavyTail, exponential, steady };
const capacities = [4, 16, 64];
/** Unguarded, the queue only grows: one case shows it. */
const bareCase = 16;
const countFromMs = 12_000;
/** About as many requests are counted with each capacity: 16 workers for 18 seconds. */
const countedMs = (workers: number): number => Math.min(36_000, (16 * 18_000) / workers);
const sieges = {
  cold: [{ fromMs: 0, times: 10 }],
  warm: [
    { fromMs: 0, times: 0.5 },
    { fromMs: 10_000, times: 10 },
  ],
};
/** Of ten capacities: the critical class alone is half of what the server can do. */
const shares = { critical: 0.05, normal: 0.35, sheddable: 0.6 };

export async function run(): Promise<readonly Row[]> {
  return Object.entries(kinds).flatMap(([kind, service]) =>
    capacities.flatMap((workers) => {
      const common = { workers, meanMs: 20, service, shares, patience: 30, retries: 2 };
      const calm = besiege({
        ...common,
        seed: 1,
        load: [{ fromMs: 0, times: 0.3 }],
        guarded: false,
        countFromMs: 0,
        untilMs: 60_000,
      });
      return Object.entries(sieges).flatMap(([start, load]) => {
        const untilMs = countFromMs + countedMs(workers);
        const siege: Siege = { ...common, seed: 2, load, guarded: true, countFromMs, untilMs };
        const bare =
          workers === bareCase ? besiege({ ...siege, guarded: false, untilMs: countFromMs + 4400 }) : undefined;
        return rows(`10 x overload, ${start}, ${workers} workers, ${kind}`, { ours: besiege(siege), bare, calm });
      });
    }),
  );
}

function rows(
  name: string,
  { ours, bare, calm }: { ours: Tally; bare: Tally | undefined; calm: Tally },
): readonly Row[] {
  const beside = (figure: (tally: Tally) => number) =>
    bare === undefined ? {} : { peer: figure(bare), peerName: 'unguarded' };
  const goodput = (tally: Tally) => tally.goodput * 100;
  const critical = (tally: Tally) => tally.success.critical * 100;
  const unloaded = { peer: calm.p99Ms, peerName: 'unloaded (0.3 x)', ratio: calm.p99Ms / ours.p99Ms };
  return [
    { case: name, metric: 'goodput', hale: goodput(ours), unit: '% of capacity', ...beside(goodput) },
    { case: name, metric: 'admitted p99', hale: ours.p99Ms, unit: 'ms', ...unloaded },
    { case: name, metric: 'critical success', hale: critical(ours), unit: '%', ...beside(critical) },
  ];
}
