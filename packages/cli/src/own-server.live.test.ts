// A cluster of the machine's own PostgreSQL under real control: its primary is killed while plain clients write, and what they were
// told is there must be there. What else can happen to a cluster is tried on the build from npm (cluster.live.test.ts).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReplicaView, SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { resourceUrl } from '@hale/platform/postgres';
import { machineBin, skipWithoutMachineServer as skip } from '@hale/platform/testing';
import { openTestHouse, type TestHouse } from './control/testing.ts';
import { connect, createCrowd } from './crowd.ts';

const database = buildPostgres({ standbys: 2, bin: machineBin });

describe('a cluster of the machine’s own PostgreSQL', { skip }, () => {
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

  test('the primary is killed twice under writes: nothing acknowledged is lost', async (t) => {
    const [row] = await ask<{ version: string }>('select version()');
    t.diagnostic(`${row?.version}`);
    const crowd = createCrowd(url);
    try {
      for (const _ of [1, 2]) {
        const before = await primary();
        const had = crowd.acked.size;
        await house.until('the crowd writes', () => crowd.acked.size > had + 50);
        process.kill(before.pid as number, 'SIGKILL');
        const struck = crowd.acked.size;
        await house.until('the crowd writes again', () => crowd.acked.size > struck + 50);
        assert.notEqual((await primary()).replica, before.replica);
      }
    } finally {
      await crowd.leave();
    }
    const there = new Set((await ask<{ id: string }>('select id from ledger')).map((one) => Number(one.id)));
    const lost = [...crowd.acked].filter((id) => !there.has(id));
    t.diagnostic(`${crowd.acked.size} acknowledged, ${lost.length} lost`);
    assert.deepEqual(lost, [], 'acknowledged and lost');
  });
});
