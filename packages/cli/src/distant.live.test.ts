// A copy in another region under real control, while a standby at home takes over: it is asked where its log ends, and goes on with what it has. To copy it
// anew at every failover would cost the whole database across the distance, and the copy while that lasts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import { openTestHouse } from './control/testing.ts';
import { connect } from './crowd.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

const primaryOf = (view: SystemView) => view.replicas.find((one) => one.unit === 'db' && one.database === 'primary');
const copyOf = (view: SystemView) => view.replicas.find((one) => one.replica === 'db/2');
const isWhole = (view: SystemView) => view.units.find((one) => one.unit === 'db')?.state === 'healthy';

test('the primary is killed: the copy in another region follows the next one without being made anew', {
  skip,
}, async (t) => {
  const db = buildPostgres({ standbys: 1 });
  const house = await openTestHouse({
    parts: (root) => ({
      zones: ['a', 'b'],
      regions: ['eu', 'us'],
      resources: [db],
      services: [buildWorker({ program: { kind: 'command', argv: ['sleep', '100000'] }, cwd: root, uses: ['db'] })],
    }),
  });
  t.after(() => house.close());
  const before = await house.untilView('a whole cluster', isWhole);
  const url = resourceUrl({ root: house.root, resources: { db } }, 'db') as string;
  const ask = async (text: string) => {
    const client = await connect(url);
    await client.query(text);
    await client.end();
  };
  await ask('create table ledger (id bigint primary key)');
  await ask('insert into ledger select generate_series(1, 1000)');
  await house.untilView('the copy has it all', (view) => /up to date/.test(copyOf(view)?.why ?? ''));

  process.kill(primaryOf(before)?.pid as number, 'SIGKILL');
  const after = await house.untilView('another primary, and all follow it', (view) => {
    const one = primaryOf(view);
    return one !== undefined && one.replica !== primaryOf(before)?.replica && isWhole(view);
  });
  assert.equal(copyOf(after)?.pid, copyOf(before)?.pid, 'it runs as it ran');
  const feed = await house.get<{ text: string }[]>('/api/v1/feed?limit=300');
  assert.deepEqual(
    feed.filter(({ text }) => /db\/2 .*copied anew/.test(text)),
    [],
  );
  await ask('insert into ledger values (1001)');
  await house.untilView('the copy receives from it', (view) => /up to date/.test(copyOf(view)?.why ?? ''));
});
