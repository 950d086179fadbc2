// A shop with many tills in a bottle: customers arrive by chance, somebody (the column under test) sends each to a till, the till takes as long as its
// profile says, fails when its profile says, and the usher hears of it only then. Virtual time, seeded dice: the same seed
// gives the same run to the last customer. After Finagle's balancersim (scenarios and scale), with two differences: arrivals are Poisson
// and not even, and a till may be given a number of hands, so that being popular costs something.
import { createRng } from '@hale/base';
import { createEventQueue } from '../event-queue.ts';

/** What stands behind the usher. */
export interface Backend {
  /** Milliseconds that a request begun at `nowMs` takes of one hand; `unit` are the backend's own dice. */
  latencyMs(nowMs: number, unit: () => number): number;
  isFailing(nowMs: number, unit: () => number): boolean;
  /** Answers of a failing backend come after this many ms instead. */
  readonly failsInMs?: number;
}

/** Sends requests to backends by index. Pure bookkeeping: it is told the time by `now`. */
export interface Chooser {
  pick(): number;
  begin(index: number): void;
  end(index: number, ok: boolean, latencyMs: number): void;
}

export interface Bottle {
  readonly count: number;
  readonly now: () => number;
  readonly unit: () => number;
}

export interface SimulationOptions {
  readonly backends: readonly Backend[];
  readonly create: (bottle: Bottle) => Chooser;
  readonly seed: number;
  readonly qps: number;
  readonly durationMs: number;
  /** Requests that a backend works on at once; more wait in line. Default: no bound. */
  readonly hands?: number;
  /** Told of each request when it is sent. */
  readonly onSent?: (index: number, nowMs: number) => void;
  readonly onEnd?: (index: number, ok: boolean, nowMs: number) => void;
}

export interface Outcome {
  /** Of all requests, failed ones too. */
  readonly latenciesMs: Float64Array;
  readonly failed: number;
  readonly sent: readonly number[];
}

interface Visit {
  dueMs: number;
  readonly index: number;
  readonly sentMs: number;
  readonly workMs: number;
  readonly ok: boolean;
}

export function simulate(options: SimulationOptions): Outcome {
  const { backends, qps, durationMs, seed, hands = Number.POSITIVE_INFINITY } = options;
  const arrivals = createRng(seed);
  const work = createRng(seed + 1);
  const dice = createRng(seed + 2);
  let nowMs = 0;
  const chooser = options.create({ count: backends.length, now: () => nowMs, unit: dice.unit });
  const due = createEventQueue<Visit>();
  const busy = new Array<number>(backends.length).fill(0);
  const lines: Visit[][] = backends.map(() => []);
  const sent = new Array<number>(backends.length).fill(0);
  const latencies: number[] = [];
  let failed = 0;

  const start = (visit: Visit) => {
    busy[visit.index]!++;
    visit.dueMs = nowMs + visit.workMs;
    due.push(visit);
  };
  const finish = (visit: Visit) => {
    const { index, ok } = visit;
    busy[index]!--;
    const next = lines[index]!.shift();
    if (next !== undefined) start(next);
    latencies.push(nowMs - visit.sentMs);
    if (!ok) failed++;
    chooser.end(index, ok, nowMs - visit.sentMs);
    options.onEnd?.(index, ok, nowMs);
  };
  const runUntil = (ms: number) => {
    for (let next = due.peek(); next !== undefined && next.dueMs <= ms; next = due.peek()) {
      nowMs = next.dueMs;
      finish(due.pop());
    }
    nowMs = ms;
  };

  for (let atMs = 0; atMs < durationMs; atMs += (-Math.log(1 - arrivals.unit()) * 1000) / qps) {
    runUntil(atMs);
    const index = chooser.pick();
    const backend = backends[index]!;
    const ok = !backend.isFailing(nowMs, work.unit);
    const workMs = ok || backend.failsInMs === undefined ? backend.latencyMs(nowMs, work.unit) : backend.failsInMs;
    const visit: Visit = { dueMs: 0, index, sentMs: nowMs, workMs, ok };
    sent[index]!++;
    chooser.begin(index);
    options.onSent?.(index, nowMs);
    if (busy[index]! < hands) start(visit);
    else lines[index]!.push(visit);
  }
  runUntil(Number.MAX_VALUE);
  return { latenciesMs: Float64Array.from(latencies).sort(), failed, sent };
}

/** The value below which the share `q` of a sorted list lies. */
export function quantile(sorted: Float64Array, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}
