// Those who are not dead but not well: one of twenty ten times slower without an error, one that fails in a millisecond, a fault that half of them
// share, and nobody ill at all under latencies with heavy tails, where every ejection is a false one. All with the balancer's defaults.
import { createRng } from '@hale/base';
import { createHale } from './columns.ts';
import { healthy, slowWithin, stable } from './profiles.ts';
import { type Backend, simulate } from './simulation.ts';

const hosts = 20;
const qps = 1250;
const onsetMs = 10_000;

export interface Seen {
  /** Share of the traffic of host 0, a second at a time, from the onset. */
  readonly shares: readonly number[];
  readonly ejections: readonly string[];
  /** 'errors' or 'slow', as often as it was said. */
  readonly sharedFaults: readonly string[];
}

/** Twenty hosts, the first `ill` of them with a fault from the tenth second on. */
export function watch(
  fault: Backend,
  how: { readonly ill: number; readonly seed: number; readonly seconds: number },
): Seen {
  const sent = Array.from({ length: how.seconds }, () => ({ ill: 0, all: 0 }));
  const ejections: string[] = [];
  const sharedFaults: string[] = [];
  simulate({
    backends: Array.from({ length: hosts }, (_, index) => (index < how.ill ? fault : healthy)),
    qps,
    durationMs: onsetMs + how.seconds * 1000,
    seed: how.seed,
    create: (bottle) =>
      createHale(bottle, (event) => {
        if (event.kind === 'ejected') ejections.push(`${event.host.member.id} ${event.detector}`);
        if (event.kind === 'shared-fault') sharedFaults.push(event.what);
      }),
    onSent(index, nowMs) {
      const second = sent[Math.floor((nowMs - onsetMs) / 1000)];
      if (second === undefined) return;
      second.all++;
      if (index === 0) second.ill++;
    },
  });
  return { shares: sent.map(({ ill, all }) => ill / all), ejections, sharedFaults };
}

const fromS = onsetMs / 1000;
const isIll = (nowMs: number) => nowMs >= onsetMs;

export const faults = {
  slow: { latencyMs: slowWithin(fromS, 1e9, 10), isFailing: () => false },
  failsInOneMs: { latencyMs: stable, isFailing: isIll, failsInMs: 1 },
  failsHalfInOneMs: { latencyMs: stable, isFailing: (nowMs, unit) => isIll(nowMs) && unit() < 0.5, failsInMs: 1 },
} satisfies Record<string, Backend>;

/** Latencies of healthy hosts, each with a tail that has fooled somebody. */
export const tails: Readonly<Record<string, (unit: () => number) => number>> = {
  'log-normal, sigma 1': (unit) => 5 * Math.exp(normal(unit)),
  'log-normal, sigma 2': (unit) => 5 * Math.exp(2 * normal(unit)),
  'Pareto, alpha 1.1': (unit) => 2 * (1 - unit()) ** (-1 / 1.1),
  'cache hit or miss, 60:40': (unit) => (unit() < 0.6 ? 1 : 50) * (0.8 + 0.4 * unit()),
};

/** Plays healthy hosts, 25 answers each a second, with `failing` of all answers failures; gives the ejections. */
export function falseEjections(
  latencyMs: (unit: () => number) => number,
  how: { readonly hostWindows: number; readonly failing: number; readonly seed: number },
): number {
  const rng = createRng(how.seed);
  let nowMs = 0;
  let ejections = 0;
  const bottle = { count: hosts, now: () => nowMs, unit: rng.unit };
  const chooser = createHale(bottle, (event) => {
    if (event.kind === 'ejected') ejections++;
  });
  const underWay: { index: number; ms: number; dueMs: number }[] = [];
  const stepMs = 1000 / (25 * hosts);
  for (let step = 0; step < how.hostWindows * 25; step++) {
    nowMs += stepMs;
    const index = chooser.pick();
    chooser.begin(index);
    underWay.push({ index, ms: latencyMs(rng.unit), dueMs: 0 });
    // Answers come a few requests later and not in order of latency: what matters here is only what is answered.
    if (underWay.length < 6) continue;
    const done = underWay.shift()!;
    chooser.end(done.index, rng.unit() >= how.failing, done.ms);
  }
  return ejections;
}

/** Box and Muller. */
function normal(unit: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
}
