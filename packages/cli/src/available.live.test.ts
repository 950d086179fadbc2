// `durability: 'available'` under real control: while no standby can receive, writes go on and that is said; when one is back they wait for it again,
// and a failover then loses nothing, not even what was acknowledged alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReplicaView, SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import pg from 'pg';
import { openTestHouse, type TestHouse } from './control/testing.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

const nodes = (view: SystemView) => view.replicas.filter((one) => one.unit === 'db');
const primaryOf = (view: SystemView) => nodes(view).find((one) => one.database === 'primary') as ReplicaView;
const unitOf = (view: SystemView) => view.units.find((one) => one.unit === 'db');
const isWhole = (view: SystemView) => unitOf(view)?.state === 'healthy';

/** One that ended between the look and the signal needs none. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

describe('a cluster that prefers to be available', { skip }, () => {
  const db = buildPostgres({ standbys: 2, durability: 'available' });
  let house: TestHouse;
  let client: pg.Client;
  let next = 1;
  const connect = async () => {
    const line = new pg.Client({
      connectionString: resourceUrl({ root: house.root, resources: { db } }, 'db') as string,
      connectionTimeoutMillis: 15_000,
    });
    line.on('error', () => {});
    await line.connect();
    return line;
  };
  const write = () => client.query('insert into ledger values ($1)', [next]).then(() => next++);

  before(async () => {
    house = await openTestHouse({
      parts: (root) => ({
        zones: ['a', 'b', 'c'],
        resources: [db],
        services: [buildWorker({ program: { kind: 'command', argv: ['sleep', '100000'] }, cwd: root, uses: ['db'] })],
      }),
    });
    await house.untilView('a whole cluster', isWhole);
    client = await connect();
    await client.query('create table ledger (id bigint primary key)');
  });
  after(async () => {
    await client?.end().catch(() => {});
    await house?.close();
  });

  /** While `harm` is done again and again a write waits until the primary goes on alone, and others go through after it; then it stops. */
  const goAloneUnder = async (harm: () => Promise<void>) => {
    const feed = () => house.get<{ text: string }[]>('/api/v1/feed?limit=300').catch(() => []);
    const timesAlone = async () => (await feed()).filter(({ text }) => /goes on alone/.test(text)).length;
    const before = await timesAlone();
    await write();
    let isHarmed = true;
    const harming = (async () => {
      for (; isHarmed; await sleep(40)) await harm();
    })();
    try {
      const waiting = write();
      await house.until('it goes on alone', async () => (await timesAlone()) > before);
      await waiting;
      for (let i = 0; i < 20; i++) await write();
    } finally {
      isHarmed = false;
      await harming;
    }
  };
  /** It waits for a standby again; then its primary is killed, and nothing may be missing in the next one. */
  const loseThePrimary = async () => {
    let before = primaryOf(await house.untilView('it waits for a standby again', isWhole));
    for (let i = 0; i < 20; i++) await write();
    // Where the machine is too busy for an election the old one is the primary again, and is struck once more.
    for (let tries = 0, after = before; after.replica === before.replica; tries++) {
      assert.ok(tries < 3, 'another primary');
      before = primaryOf(await house.untilView('a whole cluster', isWhole));
      process.kill(before.pid as number, 'SIGKILL');
      const view = await house.untilView('a primary', (now) => ![undefined, before.pid].includes(primaryOf(now)?.pid));
      after = primaryOf(view);
    }
    await client.end().catch(() => {});
    client = await connect();
    const { rows: there } = await client.query<{ n: number }>('select count(*)::int as n from ledger');
    assert.equal(there[0]?.n, next - 1);
  };

  test('the connections are there and nothing comes through: it goes on alone all the same', async () => {
    // The senders stand still, those that come after them too: as if no packet arrived.
    const watcher = await connect();
    const still = new Set<number>();
    await goAloneUnder(async () => {
      const { rows } = await watcher.query<{ pid: number }>('select pid from pg_stat_replication');
      for (const { pid } of rows) {
        still.add(pid);
        send(pid, 'SIGSTOP');
      }
    });
    for (const pid of still) send(pid, 'SIGCONT');
    await watcher.end();
    await loseThePrimary();
  });

  test('no standby receives: a write waits for a while and then goes on; they come back, and a failover loses nothing', async () => {
    await house.untilView('a whole cluster', isWhole);
    // Both standbys are killed, and whatever is started in their place.
    await goAloneUnder(async () => {
      const view = await house.view().catch(() => undefined);
      for (const one of view === undefined ? [] : nodes(view))
        if (one.database === 'standby' && one.pid !== undefined) send(one.pid, 'SIGKILL');
    });
    await house.post('/api/v1/orders', { order: { kind: 'resume', unit: 'db' } });
    await loseThePrimary();
  });
});
