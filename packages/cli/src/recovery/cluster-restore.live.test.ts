// A cluster is brought back where it was: its rows are there, both standbys copy it, nobody remembers the old terms, and when its
// primary is killed a standby takes over. The primary was not the first node when the backup was taken.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SystemView } from '@hale/model';
import { buildPostgres } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import { openTestHome } from './house-rig.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

const isWhole = (view: SystemView) => view.units.find(({ unit }) => unit === 'db')?.state === 'healthy';
const primaryOf = (view: SystemView) => view.replicas.find(({ database }) => database === 'primary');

test('a cluster is restored in place, and fails over afterwards', { skip }, async (t) => {
  const home = openTestHome({
    resources: `vault: objectStore({ url: 'file:vault' }), db: postgres({ standbys: 2, backup: { to: 'vault' } })`,
  });
  t.after(() => home.close());
  const { folder } = home;
  const db = buildPostgres({ standbys: 2 });
  const ask = <T>(text: string) => {
    const url = resourceUrl({ root: folder, resources: { db: { ...db, database: 'app' } } }, 'db') as string;
    return home.ask<T>(url, text);
  };
  const count = async () => (await ask<{ n: number }>('select count(*)::int as n from notes'))[0]?.n;

  await home.expect('up --detach --wait', 0, /./);
  const first = primaryOf(await home.untilView('a whole cluster', isWhole));
  process.kill(first?.pid as number, 'SIGKILL');
  const other = (view: SystemView) => isWhole(view) && primaryOf(view) !== undefined;
  const second = await home.untilView('another primary', (view) => {
    return other(view) && primaryOf(view)?.replica !== first?.replica;
  });
  const ordinal = Number(primaryOf(second)?.replica.split('/')[1]);
  assert.ok(ordinal > 0);
  // Two, unless the machine was too busy for the first election.
  const term = Number(/the primary of term (\d+)/.exec(primaryOf(second)?.why ?? '')?.[1]);
  await ask('create table notes as select n from generate_series(1, 500) n');
  const { id } = await home.backup();
  await ask('delete from notes');
  await home.expect('restore --into replace', 1, /runs: nothing was touched[\s\S]*hale down/);
  await home.expect('down --timeout 3', 0, /down/);
  await home.expect('restore', 1, /is not empty[\s\S]*--into replace/);
  await home.expect(
    `restore --to ${id} --into replace`,
    0,
    new RegExp(`db/${ordinal} will be the primary of term ${term + 1}`),
  );
  const names = readdirSync(join(folder, '.hale', 'data', 'db'));
  assert.deepEqual(names.filter((name) => /^pgdata(-\d)?$/.test(name)).length, 1, 'the others are put aside');
  assert.equal(names.filter((name) => /^pgdata(-\d)?\.before-/.test(name)).length, 3, 'and kept');

  await home.expect('up --detach --wait', 0, /./);
  const back = await home.untilView('a whole cluster again', isWhole);
  assert.equal(primaryOf(back)?.replica, `db/${ordinal}`);
  assert.match(primaryOf(back)?.why ?? '', new RegExp(`the primary of term ${term + 1}`));
  assert.equal(await count(), 500);
  process.kill(primaryOf(back)?.pid as number, 'SIGKILL');
  await home.untilView('a failover', (view) => other(view) && primaryOf(view)?.replica !== `db/${ordinal}`);
  assert.equal(await count(), 500);
});
