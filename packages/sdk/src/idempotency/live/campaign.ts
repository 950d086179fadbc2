// The proof with real processes: services that answer keyed POSTs over a real PostgreSQL are killed with SIGKILL at random moments, stopped past
// their lease, and have their connections ended, while clients ask again and again with the same key. Afterwards the books are audited: no key
// twice, nothing lost that was promised.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createRng, type Rng } from '@hale/base';
import pg from 'pg';
import { startTestDatabase, type TestLike } from '../testing/database.ts';

export interface LiveReport {
  /** Services killed with SIGKILL while they had work. */
  readonly kills: number;
  readonly backendsEnded: number;
  readonly stops: number;
  /** Services that ended without having been killed. */
  readonly crashes: number;
  /** Keys that got a 201. */
  readonly acknowledged: number;
  readonly requests: number;
  /** Keys with more than one effect. */
  readonly doubled: number;
  /** Keys whose promised effect is not there, or is another than promised. */
  readonly lost: number;
  /** Keys that never got a final answer. */
  readonly stuck: number;
  /** Longest time from a key's first request to its 201. */
  readonly longestMs: number;
}

interface Slot {
  readonly port: number;
  child: ChildProcess | undefined;
  isUp: boolean;
  /** Promises given since it started. */
  answers: number;
  crashes: number;
  isClosed: boolean;
}

interface Fair {
  readonly rng: Rng;
  readonly slots: readonly Slot[];
  readonly eye: pg.Client;
  readonly promised: Map<string, number>;
  requests: number;
  stuck: number;
  longestMs: number;
  open: boolean;
}

const slotsMax = 3;
const patienceMs = 2_500;
const triesMax = 200;

/** Ends with `t`. `clients`: how many ask at once. */
export async function runLiveCampaign(
  t: TestLike,
  plan: { readonly kills: number; readonly clients: number; readonly seed: number },
): Promise<LiveReport> {
  const database = await startTestDatabase(t);
  const eye = new pg.Client({ connectionString: database.url });
  await eye.connect();
  t.after(() => eye.end());
  await eye.query('create table effects (n serial primary key, key text not null)');
  const ports = await Promise.all(Array.from({ length: slotsMax }, freePort));
  const slots: Slot[] = ports.map((port) => ({
    port,
    child: undefined,
    isUp: false,
    answers: 0,
    crashes: 0,
    isClosed: false,
  }));
  t.after(() => {
    for (const slot of slots) {
      slot.isClosed = true;
      slot.child?.kill('SIGKILL');
    }
  });
  for (const slot of slots) startService(slot, database.url);
  const fair: Fair = {
    ...{ rng: createRng(plan.seed), slots, eye, promised: new Map() },
    ...{ requests: 0, stuck: 0, longestMs: 0, open: true },
  };
  const crowd = Array.from({ length: plan.clients }, (_, client) => buy(fair, client));
  const damage = await wreak(fair, plan.kills);
  fair.open = false;
  await Promise.all(crowd);
  return { ...damage, ...(await audit(fair)) };
}

/** From now on something serves on the slot's port, or is being started. */
function startService(slot: Slot, url: string): void {
  const file = fileURLToPath(new URL('./service.ts', import.meta.url));
  const child = fork(file, [url], { env: { ...process.env, PORT: String(slot.port) }, stdio: 'inherit' });
  slot.child = child;
  slot.answers = 0;
  child.once('exit', (code) => {
    slot.isUp = false;
    if (code !== null) slot.crashes++;
    if (!slot.isClosed) void startService(slot, url);
  });
  child.once('message', () => {
    slot.isUp = true;
  });
}

/** One after the other: each death at a random moment of a service that is up and under load. */
async function wreak(fair: Fair, killsMax: number): Promise<Pick<LiveReport, 'kills' | 'backendsEnded' | 'stops'>> {
  const { rng, slots, eye } = fair;
  const done = { kills: 0, backendsEnded: 0, stops: 0 };
  while (done.kills < killsMax) {
    const slot = slots[rng.below(slots.length)]!;
    const workMin = rng.below(30);
    await sleep(5 + rng.below(30));
    // Dead at once would be dead before it had work.
    if (!slot.isUp || slot.answers < workMin) continue;
    const dice = rng.unit();
    if (dice < 0.2) {
      const { rowCount } = await eye.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where backend_type = 'client backend' and pid <> pg_backend_pid() order by random() limit 1`,
      );
      done.backendsEnded += rowCount ?? 0;
    } else if (dice < 0.23) {
      done.stops++;
      slot.isUp = false;
      const stopped = slot.child!;
      stopped.kill('SIGSTOP');
      void sleep(2_500).then(() => {
        stopped.kill('SIGCONT');
        slot.isUp = slot.child === stopped;
      });
    } else {
      done.kills++;
      slot.isUp = false;
      slot.child!.kill('SIGKILL');
    }
  }
  while (slots.some((slot) => !slot.isUp)) await sleep(50);
  return done;
}

/** A client that wants one thing after the other, and asks for each with one key until it has it. */
async function buy(fair: Fair, client: number): Promise<void> {
  for (let serial = 0; fair.open; serial++) {
    const key = `c${client}-${serial}`;
    const begunMs = performance.now();
    let n: number | undefined;
    for (let attempt = 0; n === undefined && attempt < triesMax; attempt++) {
      const asked = [ask(fair, key)];
      // An impatient network delivers it twice.
      if (fair.rng.unit() < 0.1) asked.push(ask(fair, key));
      const answers = (await Promise.all(asked)).filter((answer) => answer !== undefined);
      if (new Set(answers).size > 1) fair.promised.set(`${key} answered twice`, -1);
      n = answers[0];
      if (n === undefined) await sleep(fair.rng.below(60));
    }
    if (n === undefined) fair.stuck++;
    else fair.promised.set(key, n);
    fair.longestMs = Math.max(fair.longestMs, performance.now() - begunMs);
  }
}

async function ask(fair: Fair, key: string): Promise<number | undefined> {
  const slot = fair.slots[fair.rng.below(fair.slots.length)]!;
  fair.requests++;
  try {
    const answer = await fetch(`http://127.0.0.1:${slot.port}/orders`, {
      ...{ method: 'POST', body: key, headers: { 'idempotency-key': key } },
      signal: AbortSignal.timeout(patienceMs),
    });
    const body = await answer.text();
    if (answer.status !== 201) return undefined;
    slot.answers++;
    return (JSON.parse(body) as { n: number }).n;
  } catch {
    return undefined;
  }
}

async function audit(
  fair: Fair,
): Promise<Pick<LiveReport, 'crashes' | 'acknowledged' | 'requests' | 'doubled' | 'lost' | 'stuck' | 'longestMs'>> {
  const { rows } = (await fair.eye.query('select key, n from effects')) as { rows: { key: string; n: number }[] };
  const done = new Map<string, number[]>();
  for (const { key, n } of rows) done.set(key, [...(done.get(key) ?? []), n]);
  return {
    crashes: fair.slots.reduce((sum, slot) => sum + slot.crashes, 0),
    acknowledged: fair.promised.size,
    requests: fair.requests,
    doubled: [...done.values()].filter((effects) => effects.length > 1).length,
    lost: [...fair.promised].filter(([key, n]) => done.get(key)?.[0] !== n).length,
    stuck: fair.stuck,
    longestMs: Math.round(fair.longestMs),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
