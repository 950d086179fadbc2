// How a backend behaves over the day: the latency of a healthy one (most answers in a few ms, one in a thousand in a tenth of a
// second) and what can be wrong with it. The scenarios and their times are those of Finagle's balancersim: ten stable backends and one that is
// different, 1250 requests a second, 45 s. Its file of recorded pings is not copied; the steps below have a tail like it.
import type { Backend } from './simulation.ts';

type Latency = Backend['latencyMs'];
type Failing = Backend['isFailing'];

/** [share of requests below, ms]; even between two steps. */
const steps: readonly (readonly [number, number])[] = [
  [0, 1],
  [0.5, 4],
  [0.9, 9],
  [0.95, 14],
  [0.99, 35],
  [0.999, 110],
  [1, 300],
];

export const stable: Latency = (_nowMs, unit) => {
  const dice = unit();
  let at = 1;
  while (steps[at]![0] < dice) at++;
  const [low, from] = steps[at - 1]!;
  const [high, to] = steps[at]!;
  return from + ((dice - low) / (high - low)) * (to - from);
};

const within = (nowMs: number, fromS: number, toS: number) => nowMs >= fromS * 1000 && nowMs <= toS * 1000;

/** Slow by `factor` between two seconds. */
export const slowWithin =
  (fromS: number, toS: number, factor: number): Latency =>
  (nowMs, unit) =>
    stable(nowMs, unit) * (within(nowMs, fromS, toS) ? factor : 1);

/** Five times slower at first, as fast as the others after ten seconds; then once more slow, from 19 s to 23 s. */
const coldStart: Latency = (nowMs, unit) =>
  slowWithin(19, 23, 10)(nowMs, unit) * Math.max(1, Math.min(5, 10_000 / Math.max(1, nowMs)));

const never: Failing = () => false;
export const failingWithin =
  (fromS: number, toS: number): Failing =>
  (nowMs) =>
    within(nowMs, fromS, toS);

export const healthy: Backend = { latencyMs: stable, isFailing: never };

export interface Scenario {
  readonly name: string;
  readonly odd: Backend;
}

export const scenarios: readonly Scenario[] = [
  { name: 'cold start', odd: { latencyMs: coldStart, isFailing: never } },
  { name: 'slow middle', odd: { latencyMs: slowWithin(15, 45, 10), isFailing: never } },
  { name: 'temporary failure', odd: { latencyMs: stable, isFailing: failingWithin(10, 25) } },
  { name: 'permanent failure', odd: { latencyMs: stable, isFailing: failingWithin(10, 1e9) } },
];
