// The loss of a region, drilled by the command: once with a copy that is up to date, once with one that lags, where what is missing must be counted,
// told, and of the last moments only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildPostgres } from '@hale/model/testing';
import { ownUrl, postgresSupport } from '@hale/platform/postgres';
import type { RegionLine } from './drill-region.ts';
import { openTestHome } from './house-rig.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

test('the home region is lost: the database moves to its copy, and what that lacks is told', { skip }, async (t) => {
  const home = openTestHome({
    resources: 'db: postgres({ standbys: 2 })',
    gateway: `regions: ['eu', 'us'],`,
  });
  t.after(() => home.close());
  await home.expect('failover db --region us', 3, /hale up/);
  await home.expect('up --detach --wait', 0, /./);
  await home.expect('failover db --region mars', 1, /db is in no region 'mars'; there are: eu, us/);
  const drill = async () => {
    const { said } = await home.hale('drill', 'run', 'region-loss', '--json');
    return JSON.parse(said.trim().split('\n').at(-1) ?? '') as RegionLine;
  };

  const url = ownUrl(
    { root: home.folder, resources: { db: buildPostgres({ standbys: 2 }) } },
    'db',
    'services',
  ) as string;
  const lagging = drill();
  // The sender to the copy stands still from the moment on at which the customer writes. His receipts are counted themselves: the server's own
  // statistics are a second late, and the region is lost half a second after that.
  let held: number | undefined;
  for (let i = 0; held === undefined && i < 2_000; i++) {
    const rows = await home
      .ask<{ pid: number }>(
        url,
        `select pid from pg_stat_replication where application_name like 'db_3%' and (select count(*) > 20 from hale_drill_ledger)`,
      )
      .catch(() => []);
    held = rows[0]?.pid;
    await sleep(10);
  }
  assert.ok(held !== undefined, 'the copy follows');
  process.kill(held, 'SIGSTOP');
  const line = await lagging;
  assert.deepEqual([line.verdict, line.complaints], ['healed', []]);
  assert.ok(line.ackedLost > 0, 'the copy lagged');
  assert.match(line.told ?? '', /it lacks (the last|nothing that was seen, and may lack) /);
  assert.ok((line.recoveredMs ?? 0) > 0 && (line.homeMs ?? 0) > 0);

  const view = await home.untilView('the database at home', (now) =>
    now.replicas.some((one) => one.unit === 'db' && one.database === 'primary' && one.replica !== 'db/3'),
  );
  assert.equal(view.replicas.find((one) => one.replica === 'db/3')?.zone, 'us');
});
