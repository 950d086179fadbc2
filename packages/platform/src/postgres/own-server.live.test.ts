// The machine's own PostgreSQL, and one of each of 15 to 18: made, killed, copied, backed up, proven and brought back as the build
// from npm is, and neither of the two touches the data of the other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { bringBack, openYard } from '../backup/backup-rig.ts';
import { takeBackup } from '../backup/base-backup.ts';
import { prove } from '../backup/proof.ts';
import { restore } from '../backup/restore.ts';
import { openVault } from '../backup/vault.ts';
import { createFileStore } from '../store/file-store.ts';
import { installedVersion } from './binaries.ts';
import { readControlFile } from './control-file.ts';
import { copyCluster } from './copy/copy.ts';
import { buildHouse, caughtUp, eventually } from './copy/house.ts';
import { type MachineServer, machineBin, machineServers, skipWithoutMachineServer as skip } from './machine-rig.ts';
import { ownBinaries } from './own-server.ts';
import { postgresSupport } from './support.ts';

const majorOf = (version: string | undefined) => Number.parseInt(version ?? '', 10);

async function asService(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await work(client).finally(() => client.end());
}

async function liveThrough(t: TestContext, { bin, major }: MachineServer): Promise<void> {
  const yard = await openYard({ bin });
  t.after(() => yard.dispose());
  const { version } = await ownBinaries(bin);
  assert.equal(majorOf(version), major);
  t.diagnostic(`PostgreSQL ${version}`);
  await yard.start();
  const { rows } = await yard.query(
    "select name, setting from pg_settings where name in ('data_checksums', 'max_wal_size', 'shared_buffers', 'wal_segment_size') order by 1",
  );
  assert.deepEqual(
    rows.map((row) => row.setting),
    ['on', '256', '8192', '2097152'],
  );
  const [shown] = (await yard.query("select current_setting('server_version_num')::int / 10000 as major")).rows;
  assert.equal(shown.major, major);
  await asService(yard.serviceUrl(), (one) =>
    one.query('create table notes as select n from generate_series(1, 300) n'),
  );
  await yard.query('checkpoint');
  // What the server says of itself is what is read of it when it does not run.
  const { rows: told } = await yard.query(`
    select system_identifier::text as "systemIdentifier", timeline_id as timeline, redo_lsn::text as "redoLsn", 'in production' as state
      from pg_control_system(), pg_control_checkpoint()`);
  await yard.kill();
  assert.deepEqual(await readControlFile(yard.pgdata), told[0]);
  await yard.start();

  const vault = openVault(createFileStore(join(yard.root, 'vault')), { folder: 'shop/db' });
  const { id } = await takeBackup({ url: yard.url(), vault, clock: yard.clock });
  const { engine } = yard;
  const proof = await prove({ vault, clock: yard.clock, engine });
  assert.deepEqual([proof.ok, proof.problems, proof.tables[0]?.rows], [true, [], 300]);
  const other = { engine: { ...engine, major: engine.major + 1 }, folder: join(yard.root, 'other') };
  const elsewhere = restore({ vault, target: { kind: 'backup', id }, clock: yard.clock, ...other });
  await assert.rejects(elsewhere, { code: 'HALE_PLATFORM_BACKUP_MAJOR' });
  // In place, as `hale restore` does it; services get in with the address that they have.
  const before = yard.serviceUrl();
  await yard.query('drop table notes');
  await bringBack(yard, vault, id);
  assert.equal(readFileSync(join(yard.pgdata, 'PG_VERSION'), 'utf8').trim(), String(major));
  await asService(before, async (one) => {
    assert.deepEqual((await one.query('select count(*)::int as n from notes')).rows, [{ n: 300 }]);
    await one.query('create table more (n int)');
    await assert.rejects(one.query("alter system set work_mem = '1GB'"), { code: '42501' });
  });
}

for (const server of await machineServers()) {
  const does = 'keeps what is committed through kill -9, and a backup of it is proven and restored';
  test(`PostgreSQL ${server.major} ${does}`, { skip: server.skip }, (t) => liveThrough(t, server));
}

test('a node of it is copied under another one, diverges, and comes back', { skip }, async (t) => {
  const house = await buildHouse([], machineBin);
  t.after(house.close);
  const old = await house.primary('a');
  await old.query('create table t as select i, md5(i::text) as word from generate_series(1, 20000) i');
  const next = await house.node('b');
  await copyCluster(old.source, next.pgdata);
  next.follow(old);
  await next.start();
  await caughtUp(next, old);
  await next.query(`alter system set primary_conninfo = ''`);
  await next.query('select pg_reload_conf()');
  await eventually('cut off', async () => (await next.query('select 1 from pg_stat_wal_receiver')).length === 0);
  await old.query(`insert into t select i, 'astray' from generate_series(900001, 900050) i`);
  await old.end('SIGKILL');
  await next.query('select pg_promote(true)');
  const copied = await copyCluster(next.source, old.pgdata);
  assert.ok(copied.bytesCopied < copied.bytesTotal / 4);
  old.follow(next);
  await old.start();
  await caughtUp(old, next);
  assert.deepEqual(await old.query(`select count(*)::int as n from t`), [{ n: 20000 }]);
});

const support = await postgresSupport();
const [npm, own] = [await installedVersion(), skip === false ? (await ownBinaries(machineBin)).version : undefined];
const both = skip || (support.ok ? majorOf(npm) === majorOf(own) && 'both are of one major version' : support.how);

test('data from npm are refused by it, and live on', { skip: both }, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  await yard.query('create table kept as select 42 as n');
  await yard.stop();
  const stranger = await openYard({ bin: machineBin, root: yard.root });
  await assert.rejects(stranger.start(), {
    code: 'HALE_PLATFORM_POSTGRES_VERSION',
    message: new RegExp(`was made by PostgreSQL ${majorOf(npm)}, and PostgreSQL ${majorOf(own)} would run on it`),
  });
  await yard.start();
  assert.deepEqual((await yard.query('select n from kept')).rows, [{ n: 42 }]);
});

test('what it says of itself', { skip }, async () => {
  const said = await postgresSupport(machineBin);
  assert.equal(said.ok, true);
  assert.match(said.how, /^PostgreSQL 1[5-8]\./);
  assert.equal((await postgresSupport('/nowhere')).ok, false);
});
