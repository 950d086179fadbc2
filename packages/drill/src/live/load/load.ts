// A crowd that does not wait for each other: requests leave at a fixed rate whether or not earlier ones were
// answered, and a latency counts from when the request should have left, so a service that freezes cannot hide it by slowing
// the crowd down ("coordinated omission", Gil Tene). What every request came to stands in the ledger.
import { type Clock, createRng, createSystemClock, randomSeed } from '@hale/base';
import { type Dispatcher, Pool } from 'undici';
import { createLedger, type Ledger, type Verdict } from './ledger.ts';
import { createRequests, type LoadPlan, type LoadRequest } from './plan.ts';
import type { Snapshot } from './report.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import { type Verification, verifyRecords } from './verify.ts';

export interface LoadOptions {
  /** Where the gateway listens. */
  readonly url: string;
  readonly rps: number;
  readonly plan: LoadPlan;
  /** Which of the plan's mixes; 'drill' when left out. */
  readonly mix?: string;
  readonly ledger?: Ledger;
  /** Equal seeds ask for the same things in the same order. */
  readonly seed?: number;
  /** Starts the id of every record of this run. */
  readonly runId?: string;
  /** Connections that are kept. Default 32. */
  readonly connections?: number;
  /** Requests that may wait for an answer; above, requests count as unsent. Default 4 x rps, at least 256. */
  readonly waitingMax?: number;
  /** A request without an answer for this long has failed. Default 30,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

export interface Load {
  readonly ledger: Ledger;
  readonly runId: string;
  /** Everything since the start. */
  snapshot(): Snapshot;
  /** What happened since the last mark (or the start). */
  mark(): Snapshot;
  /** Changes the rate from now on; 0 pauses. */
  setRps(rps: number): void;
  /** Sends no more, waits for what is under way (at most `timeoutMs`), and gives the whole. */
  stop(): Promise<Snapshot>;
  /** Reads back every acknowledged record. Call it after `stop`, while the system still runs. */
  verify(): Promise<Verification>;
}

const tickMs = 4;

/**
 * Begins to load a system.
 *
 * @example
 * const load = startLoad({ url: 'http://127.0.0.1:8080', rps: 1000, plan: defaultPlan(['/']) });
 * // ... break something ...
 * const { failed, severed } = await load.stop();
 * const { lost } = await load.verify();
 */
export function startLoad(options: LoadOptions): Load {
  const clock = options.clock ?? createSystemClock();
  const ledger = options.ledger ?? createLedger();
  const seed = options.seed ?? randomSeed();
  const runId = options.runId ?? `run-${seed.toString(36)}-${Math.floor(clock.wall()).toString(36)}`;
  const requests = createRequests(options.plan, { mix: options.mix ?? 'drill', rng: createRng(seed), runId });
  const pool = openPool(options);
  const stopwatch = createStopwatch(ledger, clock);
  const crowd = createCrowd({ pool, ledger, clock, stopwatch });
  const { rps: firstRps } = options;
  const waitingMax = options.waitingMax ?? Math.max(256, firstRps * 4);
  let rps = firstRps;
  let dueMs = clock.mono();

  const tick = () => {
    const nowMs = clock.mono();
    for (; rps > 0 && dueMs <= nowMs; dueMs += 1000 / rps) {
      const request = requests.next(!ledger.isFull);
      // Up to one tick of lateness is the crowd's own clock, not the service's doing.
      if (crowd.waiting < waitingMax) void crowd.send(request, Math.min(nowMs, dueMs + tickMs));
      else crowd.giveUp(request, `${waitingMax} requests wait already`);
    }
    if (rps <= 0) dueMs = nowMs;
  };
  const beat = clock.every(tickMs, tick);
  return {
    ledger,
    runId,
    snapshot: () => stopwatch.whole(crowd.waiting),
    mark: () => stopwatch.lap(crowd.waiting),
    setRps: (next) => {
      rps = next;
    },
    async stop() {
      beat.cancel();
      await crowd.empty();
      const last = stopwatch.whole(0);
      await pool.destroy();
      return last;
    },
    verify: () =>
      verifyRecords({ url: options.url, books: options.plan.books, runId, acknowledged: ledger.acknowledged }),
  };
}

interface Crowd {
  /** Sent and not yet answered. */
  readonly waiting: number;
  send(request: LoadRequest, plannedMs: number): Promise<void>;
  /** Writes down a request that was due and could not be sent. */
  giveUp(request: LoadRequest, why: string): void;
  /** Resolves when nobody waits any more. */
  empty(): Promise<void>;
}

function createCrowd(given: { pool: Pool; ledger: Ledger; clock: Clock; stopwatch: Stopwatch }): Crowd {
  const { pool, ledger, clock, stopwatch } = given;
  const startedMs = clock.mono();
  const everybodyLeft = Promise.withResolvers<void>();
  let waiting = 0;
  let closing = false;
  const settle = (request: LoadRequest, verdict: Verdict, why: string) => {
    ledger.settle(verdict, { atMs: clock.mono() - startedMs, request: `${request.method} ${request.path}`, why });
  };
  return {
    get waiting() {
      return waiting;
    },
    async send(request, plannedMs) {
      waiting++;
      const outcome = await exchange(pool, request);
      waiting--;
      stopwatch.record(clock.mono() - plannedMs);
      if (outcome.kind === 'broken') settle(request, ...judge(outcome.error));
      else {
        if (request.recordId !== undefined && outcome.status < 300) ledger.acknowledge(request.recordId);
        settle(request, outcome.status < 500 ? 'ok' : 'failed', `status ${outcome.status}`);
      }
      if (closing && waiting === 0) everybodyLeft.resolve();
    },
    giveUp: (request, why) => settle(request, 'unsent', why),
    empty() {
      closing = true;
      if (waiting === 0) everybodyLeft.resolve();
      return everybodyLeft.promise;
    },
  };
}

function openPool(options: LoadOptions): Pool {
  const timeoutMs = options.timeoutMs ?? 30_000;
  return new Pool(new URL(options.url).origin, {
    connections: options.connections ?? 32,
    pipelining: 1,
    connect: { timeout: Math.min(timeoutMs, 5_000) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
}

type Outcome =
  | { readonly kind: 'answer'; readonly status: number }
  | { readonly kind: 'broken'; readonly error: unknown };

/** Sends one request and reads its whole answer. Never rejects. The bare dispatcher costs a third of `pool.request`. */
function exchange(pool: Pool, request: LoadRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    let status = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData() {},
      onResponseEnd: () => resolve({ kind: 'answer', status }),
      onResponseError: (_controller, error) => resolve({ kind: 'broken', error }),
    };
    const { method, path, headers, body } = request;
    pool.dispatch({ method, path, headers: headers ?? null, body: body ?? null }, handler);
  });
}

/** A broken connection after sending is 'severed'; everything else that is no answer is 'failed'. */
function judge(error: unknown): [Verdict, string] {
  const { code = 'unknown', message = String(error) } = error as { code?: string; message?: string };
  const severed = code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || code === 'EPIPE';
  return [severed ? 'severed' : 'failed', `${code} ${message}`];
}
