// A small world in which the real rule (createIdempotency, whole) is put through everything that can happen between a client, two servers and
// a database: killed at any step, stopped past the lease, lost with the host, cut off, crashed, sent twice, out of order, answered
// into the void. One seed, one history.
import { createRng, type Rng } from '@hale/base';
import { createIdempotency, type Idempotency } from '../idempotency.ts';
import type { Answer } from '../store.ts';
import { type Bug, createSimDatabase, type Session, type SimDatabase } from './database.ts';
import { createSimProcess, type SimProcess } from './process.ts';
import { createReferee, type Referee } from './referee.ts';
import { createSimStore, type SimStore } from './store.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly bug?: Bug;
}

export interface WorldReport {
  readonly seed: number;
  /** Deaths of a process that was answering a request at that moment. */
  readonly killPoints: number;
  /** How often each thing happened. */
  readonly events: Readonly<Record<string, number>>;
  /** What must never be: in words. */
  readonly breaches: readonly string[];
}

const leaseMs = 4_000;
const troubleMs = 15_000;
const longestMs = 60_000;
const clientsMax = 3;
/** The work of a typical run takes some dozens of steps; faults fall among them. */
const stepsMax = 90;

interface World {
  readonly time: VirtualTime;
  readonly rng: Rng;
  readonly database: SimDatabase;
  readonly referee: Referee;
  readonly slots: Server[];
  readonly bug: Bug | undefined;
  /** Steps at which something breaks. */
  readonly trouble: Set<number>;
  steps: number;
  killPoints: number;
}

interface Server {
  process: SimProcess;
  store: SimStore;
  idempotency: Idempotency<Session>;
}

export async function runWorld({ seed, bug }: WorldOptions): Promise<WorldReport> {
  const rng = createRng(seed);
  const time = createVirtualTime();
  const database = createSimDatabase({ time, rng, leaseMs, bug });
  const referee = createReferee(database);
  const trouble = new Set(Array.from({ length: 1 + rng.below(5) }, () => 1 + rng.below(stepsMax)));
  const world: World = { time, rng, database, referee, slots: [], bug, trouble, steps: 0, killPoints: 0 };
  for (let slot = 0; slot < 2; slot++) startServer(world, slot);
  const clients = 1 + rng.below(clientsMax);
  for (let client = 0; client < clients; client++) startClient(world, client);
  await time.run(longestMs);
  return {
    seed,
    killPoints: world.killPoints,
    events: referee.events,
    breaches: referee.judge(),
  };
}

function startServer(world: World, slot: number): void {
  const { time, rng, database, bug } = world;
  const process = createSimProcess(slot, time, database);
  const store = createSimStore({
    ...{ time, rng, database, process, leaseMs, bug },
    breakage: () => (time.nowMs < troubleMs ? 0.01 : 0),
    step: (at) => takeStep(world, at),
  });
  const idempotency = createIdempotency<Session>({
    ...{ store, clock: process.clock, waitMs: rng.below(2) * 200, workTimeoutMs: 10_000 },
    onEvent: ({ kind, code }) => world.referee.count(code ?? kind),
  });
  world.slots[slot] = { process, store, idempotency };
}

/** Something may happen to the process that is at work, right here. */
function takeStep(world: World, process: SimProcess): void {
  const { time, rng, database, referee, trouble } = world;
  world.steps++;
  if (!trouble.has(world.steps) || time.nowMs >= troubleMs) return;
  const dice = rng.unit();
  if (dice < 0.65) {
    const silently = rng.unit() < 0.25;
    referee.count(silently ? 'host lost' : 'killed');
    if (process.isAlive && process.busy > 0) world.killPoints++;
    process.kill(silently);
    const slot = process.number;
    time.after(50 + rng.below(1_500), () => startServer(world, slot));
  } else if (dice < 0.8) {
    referee.count('stopped');
    process.stop(200 + rng.below(8_000));
  } else if (dice < 0.9) {
    referee.count('backend ended');
    for (const session of process.sessions) if (session.state === 'open') database.end(session);
  } else {
    referee.count('database crashed');
    database.crash(50 + rng.below(2_000));
  }
}

interface Wish {
  readonly client: number;
  readonly key: string;
  readonly payload: string;
  settled: boolean;
}

/** Wants one thing, and asks until it has an answer that is one. Clients share two keys, sometimes with other payloads. */
function startClient(world: World, client: number): void {
  const { time, rng, referee } = world;
  const key = `key-${rng.below(2)}`;
  const wish: Wish = { client, key, payload: rng.unit() < 0.15 ? 'other' : 'tea', settled: false };
  referee.wanted(wish);
  const ask = () => {
    if (wish.settled) return;
    send(world, wish, listen);
    // An impatient network: the same request arrives twice, on any server.
    if (rng.unit() < 0.15) send(world, wish, listen);
    patience = time.after(100 + rng.below(4_000), ask);
  };
  let patience = time.after(rng.below(300), ask);
  const listen = (answer: Answer) => {
    const body = Buffer.from(answer.body).toString();
    referee.heard(wish, answer.status, body);
    if (answer.status < 300 || answer.status === 422) {
      wish.settled = true;
      patience.cancel();
    } else if (!wish.settled) {
      patience.cancel();
      patience = time.after(20 + rng.below(500), ask);
    }
  };
}

function send(world: World, wish: Wish, listen: (answer: Answer) => void): void {
  const { time, rng } = world;
  const isLost = () => time.nowMs < troubleMs && rng.unit() < 0.04;
  if (isLost()) {
    world.referee.count('request lost');
    return;
  }
  time.after(1 + rng.below(40), () => {
    const server = world.slots[rng.below(world.slots.length)]!;
    server.process.deliver(() =>
      serve(world, server, wish, (answer) => {
        takeStep(world, server.process);
        if (isLost()) world.referee.count('answer lost');
        else if (server.process.isAlive) time.after(1 + rng.below(40), () => listen(answer));
      }),
    );
  });
}

function serve(world: World, server: Server, wish: Wish, reply: (answer: Answer) => void): void {
  const { rng, referee } = world;
  const { process, store, idempotency } = server;
  const attempt = referee.attempted(wish);
  const request = {
    ...{ method: 'POST', url: '/orders', body: wish.payload },
    header: (name: string) => (name === 'idempotency-key' ? wish.key : undefined),
  };
  process.busy++;
  const handled = idempotency.handle(request, async ({ tx, childKey }) => {
    referee.began(wish, childKey('charge'));
    await pause(process, rng.below(30));
    await store.effect(tx, { key: wish.key, attempt });
    // Sometimes it waits for somebody else, longer than the lease.
    await pause(process, rng.unit() < 0.05 ? rng.below(6_000) : rng.below(30));
    const status = rng.unit() < 0.05 ? 500 : 201;
    return { status, headers: {}, body: Buffer.from(JSON.stringify({ attempt, payload: wish.payload })) };
  });
  void handled.then((answer) => {
    process.busy--;
    referee.answered(attempt, answer);
    reply(answer);
  });
}

function pause(process: SimProcess, ms: number): Promise<void> {
  return new Promise((resolve) => void process.clock.after(ms, resolve));
}
