// A dependency that was dead for ten seconds comes back at 30 % of its capacity, under the same demand (90 % of the whole). How often is it given
// up again (re-trips of the breaker), and how much of what it can do is used? Hale's policy and cockatiel and opossum in the same shape (breaker,
// timeout; Hale's adaptive limit besides, which they have not), all in virtual time: the peers' timers are node:test's, turned by the
// same hand. Deterministic but for the jitter of nobody's dice: Hale's are seeded.
import { mock } from 'node:test';
import { createRng } from '@hale/base';
import { policy } from '@hale/resilience';
import {
  type CircuitBreakerPolicy,
  circuitBreaker,
  handleAll,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { Row } from '../row.ts';
import { Opossum } from './contestants.ts';
import { type Agenda, createAgenda } from './overload/agenda.ts';

const workers = 20;
const meanMs = 20;
const timeoutMs = 500;
const share = 0.3;
const demand = 0.9;
const [deadMs, backMs, endMs] = [10_000, 20_000, 80_000];
/** The dependency's answers are counted from here on: ten seconds after it is back. */
const settledMs = backMs + 10_000;

/** One way of calling; `trips` counts how often it has given the dependency up. */
interface Caller {
  call(work: (signal: AbortSignal) => Promise<void>): Promise<unknown>;
  trips(): number;
  stop?(): void;
}

type Make = (agenda: Agenda) => Caller;

const makers: Readonly<Record<string, Make>> = {
  hale(agenda) {
    const calls = policy({ timeoutMs, breaker: {}, adaptiveLimit: {} }, { clock: agenda, unit: createRng(5).unit });
    let trips = 0;
    calls.on(({ kind }) => {
      if (kind === 'opened') trips++;
    });
    return { call: (work) => calls.execute(({ signal }) => work(signal)), trips: () => trips };
  },
  cockatiel() {
    const sampling = new SamplingBreaker({ threshold: 0.5, duration: 10_000 });
    const breaker: CircuitBreakerPolicy = circuitBreaker(handleAll, { halfOpenAfter: 5000, breaker: sampling });
    const calls = wrap(breaker, timeout(timeoutMs, TimeoutStrategy.Aggressive));
    let trips = 0;
    breaker.onBreak(() => trips++);
    return { call: (work) => calls.execute(({ signal }) => work(signal)), trips: () => trips };
  },
  opossum() {
    const settings = { timeout: timeoutMs, resetTimeout: 5000, errorThresholdPercentage: 50, volumeThreshold: 20 };
    const never = new AbortController().signal;
    const breaker = new Opossum((work: unknown) => (work as (signal: AbortSignal) => Promise<void>)(never), settings);
    let trips = 0;
    breaker.on('open', () => trips++);
    return { call: (work) => breaker.fire(work), trips: () => trips, stop: () => breaker.shutdown() };
  },
};

interface Score {
  readonly retrips: number;
  /** Answers in time, of what the dependency can do at 30 % (%). */
  readonly used: number;
}

export async function run(): Promise<readonly Row[]> {
  const scores: Record<string, Score> = {};
  for (const [name, make] of Object.entries(makers)) scores[name] = await play(make);
  const ours = scores['hale']!;
  const head = { case: `dependency back at ${share * 100} % under ${demand * 100} % demand` };
  return Object.entries(scores).flatMap(([peerName, peer]): Row[] =>
    peerName === 'hale'
      ? []
      : [
          { ...head, metric: 're-trips in 60 s', hale: ours.retrips, peer: peer.retrips, peerName, unit: 'times' },
          {
            ...head,
            metric: 'used of what it can',
            hale: ours.used,
            peer: peer.used,
            peerName,
            ratio: ours.used / peer.used,
            unit: '%',
          },
        ],
  );
}

async function play(make: Make): Promise<Score> {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  const agenda = createAgenda();
  const caller = make(agenda);
  const dependency = new Dependency(agenda);
  const { unit } = createRng(9);
  let good = 0;
  let tripsBefore = 0;
  const come = () => {
    agenda.after((-Math.log(1 - unit()) * meanMs) / (workers * demand), come);
    const beganMs = agenda.mono();
    caller
      .call((signal) => dependency.serve(signal, -Math.log(1 - unit()) * meanMs))
      .then(
        () => {
          if (agenda.mono() >= settledMs && agenda.mono() - beganMs <= timeoutMs) good++;
        },
        () => {},
      );
  };
  come();
  try {
    for (let atMs = 1; atMs <= endMs; atMs++) {
      agenda.runUntil(atMs);
      mock.timers.tick(1);
      await new Promise((resolve) => setImmediate(resolve));
      if (atMs === backMs) tripsBefore = caller.trips();
    }
  } finally {
    caller.stop?.();
    mock.timers.reset();
  }
  const possible = ((workers * share) / meanMs) * (endMs - settledMs);
  return { retrips: caller.trips() - tripsBefore, used: (good / possible) * 100 };
}

/** First come, first served by `workers`, by nobody while it is dead, by 30 % of them afterwards. Called-off work is not begun. */
class Dependency {
  readonly #agenda: Agenda;
  readonly #queue: (() => boolean)[] = [];
  #busy = 0;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  serve(signal: AbortSignal, workMs: number): Promise<void> {
    const nowMs = this.#agenda.mono();
    if (nowMs >= deadMs && nowMs < backMs) return Promise.reject(new Error('connection refused'));
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#queue.push(() => {
        if (signal.aborted) return false;
        this.#agenda.after(workMs, () => {
          this.#busy--;
          resolve();
          this.#next();
        });
        return true;
      });
      this.#next();
    });
  }

  #next(): void {
    const able = this.#agenda.mono() < deadMs ? workers : workers * share;
    while (this.#busy < able && this.#queue.length > 0) if (this.#queue.shift()?.()) this.#busy++;
  }
}
