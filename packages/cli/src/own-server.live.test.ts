// A cluster of the machine's own PostgreSQL under real control, of each major version before the one from npm, which all other tests run: its primary
// is killed while plain clients write, comes back as a standby, and what they were told is there must be there. What else can happen to a cluster is
// tried on the build from npm (cluster.live.test.ts).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReplicaView, SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { resourceUrl } from '@hale/platform/postgres';
import { type MachineServer, machineServers } from '@hale/platform/testing';
import { openTestHouse, type TestHouse } from './control/testing.ts';
import { connect, createCrowd } from './crowd.ts';

const tried = (await machineServers()).filter(({ major }) => major < 18);
for (const server of tried)
  describe(`a cluster of PostgreSQL ${server.major}`, { skip: server.skip }, () => tryCluster(server));

function tryCluster({ bin, major }: MachineServer): void {
  const database = buildPostgres({ standbys: 2, bin });
  let house: TestHouse;
  let url: string;
  const ask = async <T>(text: string) => {
    const client = await connect(url);
    try {
      return (await client.query(text)).rows as T[];
    } finally {
      await client.end();
    }
  };
  const isWhole = (view: SystemView) => view.units.find((one) => one.unit === 'db')?.state === 'healthy';
  const primary = async () => {
    const view = await house.untilView('a whole cluster', isWhole);
    return view.replicas.find((one) => one.database === 'primary') as ReplicaView;
  };

  before(async () => {
    house = await openTestHouse({
      parts: (root) => ({
        zones: ['a', 'b', 'c'],
        resources: [database],
        services: [buildWorker({ program: { kind: 'command', argv: ['sleep', '100000'] }, cwd: root, uses: ['db'] })],
      }),
    });
    await house.untilView('a whole cluster', isWhole);
    url = resourceUrl({ root: house.root, resources: { db: database } }, 'db') as string;
    await ask('create table ledger (id bigint primary key)');
  });
  after(() => house?.close());

  test('the primary is killed under writes: nothing acknowledged is lost, and the old one copies the new one', async (t) => {
    const [row] = await ask<{ version: string }>('select version()');
    t.diagnostic(`${row?.version}`);
    assert.match(row?.version ?? '', new RegExp(`^PostgreSQL ${major}\\.`));
    const crowd = createCrowd(url);
    try {
      const before = await primary();
      await house.until('the crowd writes', () => crowd.acked.size > 50);
      await house.kill(before.pid);
      const struck = crowd.acked.size;
      await house.until('the crowd writes again', () => crowd.acked.size > struck + 50);
      assert.notEqual((await primary()).replica, before.replica);
      await house.untilView('the old one is a standby', (view) =>
        view.replicas.some(({ replica, database: role }) => replica === before.replica && role === 'standby'),
      );
    } finally {
      await crowd.leave();
    }
    const there = new Set((await ask<{ id: string }>('select id from ledger')).map((one) => Number(one.id)));
    const lost = [...crowd.acked].filter((id) => !there.has(id));
    t.diagnostic(`${crowd.acked.size} acknowledged, ${lost.length} lost`);
    assert.deepEqual(lost, [], 'acknowledged and lost');
  });
}
