// A database cluster under real control: three PostgreSQL nodes, relays, and a crowd of plain pg clients who write down every
// acknowledgement they got. Whatever is killed or frozen, what was acknowledged must be there at the end, and all must serve again.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReplicaView, SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import { openTestHouse, type TestHouse } from './control/testing.ts';
import { connect, createCrowd } from './crowd.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

describe('a database cluster', { skip }, () => {
  let house: TestHouse;
  let url: string;
  const ask = async <T>(text: string, at = url) => {
    const client = await connect(at);
    try {
      return (await client.query(text)).rows as T[];
    } finally {
      await client.end();
    }
  };
  const nodes = (view: SystemView) => view.replicas.filter((one) => one.unit === 'db');
  const primaryOf = (view: SystemView) => nodes(view).find((one) => one.database === 'primary');
  const isWhole = (view: SystemView) => view.units.find((one) => one.unit === 'db')?.state === 'healthy';
  const primary = async () => primaryOf(await house.untilView('a whole cluster', isWhole)) as ReplicaView;
  /** While a crowd writes: `harm` is done, all must be well again, and nothing acknowledged may be missing. */
  const survive = async (harm: (primary: ReplicaView) => Promise<void>) => {
    const before = await primary();
    const crowd = createCrowd(url);
    try {
      await house.until('the crowd writes', () => crowd.acked.size > 50);
      await harm(before);
      const struck = crowd.acked.size;
      await house.until('the crowd writes again', () => crowd.acked.size > struck + 50);
      const isWell = (view: SystemView) => isWhole(view) && view.state === 'healthy' && view.trouble === undefined;
      await house.untilView('a whole cluster again', isWell);
    } finally {
      await crowd.leave();
    }
    const there = new Set((await ask<{ id: string }>('select id from ledger')).map((row) => Number(row.id)));
    assert.deepEqual(
      [...crowd.acked].filter((id) => !there.has(id)),
      [],
      'acknowledged and lost',
    );
    await ask('truncate ledger');
    return { before, after: await primary() };
  };
  const pidOf = (one: ReplicaView) => one.pid as number;

  before(async () => {
    house = await openTestHouse({
      parts: (root) => ({
        zones: ['a', 'b', 'c'],
        resources: [buildPostgres({ standbys: 2 })],
        services: [buildWorker({ program: { kind: 'command', argv: ['sleep', '100000'] }, cwd: root, uses: ['db'] })],
      }),
    });
    await house.untilView('a whole cluster', isWhole);
    const resources = { db: buildPostgres({ standbys: 2 }) };
    url = resourceUrl({ root: house.root, resources }, 'db') as string;
    await ask('create table ledger (id bigint primary key)');
  });
  after(() => house?.close());

  test('one writes and two copy it; who only reads is led to a copy', async () => {
    const view = await house.untilView('a whole cluster', isWhole);
    assert.equal(primaryOf(view)?.replica, 'db/0');
    assert.deepEqual(await ask('select pg_is_in_recovery() as standby'), [{ standby: false }]);
    const readUrl = resourceUrl({ root: house.root, resources: { db: buildPostgres({ standbys: 2 }) } }, 'db', 'read');
    // The picture is of what Hale decided; relays hear of it a moment later, and lead to the primary until they know of a copy.
    await house.until('who only reads is led to a copy', async () => {
      const [seen] = await ask<{ standby: boolean }>('select pg_is_in_recovery() as standby', readUrl);
      return seen?.standby === true;
    });
  });

  test('the primary is killed: a standby takes over, and the old one becomes its copy', async () => {
    const { before, after } = await survive((one) => house.kill(one.pid));
    assert.notEqual(after.replica, before.replica);
  });

  test('the primary is frozen: it is condemned by two witnesses, and replaced', async () => {
    const { before, after } = await survive(async (one) => {
      process.kill(pidOf(one), 'SIGSTOP');
      // Its other processes go on answering until it is condemned.
      await house.untilView('another primary', (view) => ![undefined, one.replica].includes(primaryOf(view)?.replica));
    });
    assert.notEqual(after.replica, before.replica);
  });

  test('primary and control room are killed together: the next control room does it', async () => {
    const { before, after } = await survive((one) => house.kill(pidOf(one), house.controlPid()));
    assert.notEqual(after.replica, before.replica);
  });

  test('primary and one standby are killed together: nobody is promoted without a quorum, and nothing is lost', async () => {
    await survive(async (one) => {
      const view = await house.untilView('a whole cluster', isWhole);
      const standby = nodes(view).find((other) => other.database === 'standby') as ReplicaView;
      await house.kill(pidOf(standby), pidOf(one));
    });
  });

  test('both standbys are killed: writes wait, and go on', async () => {
    const { before, after } = await survive(async () => {
      const view = await house.untilView('a whole cluster', isWhole);
      const standbys = nodes(view).filter((one) => one.database === 'standby');
      await house.kill(...standbys.map(pidOf));
    });
    assert.equal(after.replica, before.replica, 'the primary was not at fault');
  });

  test('a relay is killed: the other accepts, and its clients come back', async () => {
    const { before, after } = await survive(async () => {
      const view = await house.untilView('relays', (one) => one.replicas.some((replica) => replica.unit === 'relay'));
      const relay = view.replicas.find((one) => one.unit === 'relay') as ReplicaView;
      await house.kill(pidOf(relay));
    });
    assert.equal(after.replica, before.replica);
  });

  test('a restart is ordered: nodes leave one by one, a standby takes over, nothing is lost', async () => {
    const born = new Map(nodes(await house.untilView('a whole cluster', isWhole)).map((one) => [one.replica, one.pid]));
    await survive(async () => {
      const order = { order: { kind: 'restart', unit: 'db', replica: undefined } };
      assert.equal((await house.post('/api/v1/orders', order)).status, 202);
      await house.untilView('every node is a new one', (view) =>
        nodes(view).every((one) => one.pid !== undefined && one.pid !== born.get(one.replica)),
      );
    });
  });
});
