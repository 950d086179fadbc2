// Backups that nobody types: a small real system whose database is copied and proven by itself. Its process is killed and goes on, its store
// breaks and that is an incident until it works again, and what comes back from the store is what was acknowledged.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystemClock } from '@hale/base';
import type { BackupObservation, BackupSpec, IncidentView, SystemView } from '@hale/model';
import { buildPostgres, buildSystem } from '@hale/model/testing';
import {
  findEngine,
  occupy,
  openStrongbox,
  ownUrl,
  postgresSupport,
  readHouse,
  resourceUrl,
  restore,
} from '@hale/platform/postgres';
import pg from 'pg';
import { openTestHouse, type TestHouse } from './control/testing.ts';
import { openHouseOf } from './recovery/house.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;
const key = 'c0ffee0f'.repeat(8);
const backup: BackupSpec = {
  ...{ url: 'file:vault', keepMs: 3_600_000, everyMs: 4_000, proveMs: 4_000, pitr: true, synchronous: true },
  encrypt: { kind: 'secret', name: 'BACKUP_KEY' },
};

describe('backups without anybody', { skip }, () => {
  let house: TestHouse;
  let client: pg.Client;
  const acked: number[] = [];
  let isWriting = true;
  let writing: Promise<void> | undefined;

  const parts = () => ({ resources: [buildPostgres()], services: [], gateway: undefined, backups: { db: backup } });
  const untilBackups = (what: string, fits: (seen: BackupObservation, view: SystemView) => boolean) =>
    house.untilView(what, (view) => view.backups?.some((seen) => fits(seen, view)) === true);
  const stateOf = (view: SystemView) => view.backups?.[0] as BackupObservation;
  const steward = (view: SystemView) => view.replicas.find((one) => one.unit === 'backup' && one.pid !== undefined);

  before(async () => {
    const build = (root: string) => {
      writeFileSync(join(root, 'hale.config.ts'), '// the house\n');
      return parts();
    };
    house = await openTestHouse({ parts: build, env: { BACKUP_KEY: key } });
    await house.untilView('the database serves', (view) =>
      view.units.some((one) => one.unit === 'db' && one.serving > 0),
    );
    const spec = buildSystem({ ...parts(), root: house.root });
    client = new pg.Client({ connectionString: resourceUrl(spec, 'db') as string });
    client.on('error', () => {});
    await client.connect();
    await client.query('create table ledger (id int primary key)');
    const write = async () => {
      for (let id = 1; isWriting; id++) {
        await client.query('insert into ledger values ($1)', [id]);
        acked.push(id);
        await sleep(10);
      }
    };
    writing = write();
    // Where a test has failed nobody waits for it any more.
    writing.catch(() => {});
  });
  after(async () => {
    isWriting = false;
    await client?.end().catch(() => {});
    await house?.close();
  });

  test('a backup is taken and proven, the log follows, and nobody was told a key', async () => {
    const view = await untilBackups(
      'a proven backup',
      (seen) => seen.lastProof?.ok === true && seen.lastBackup !== undefined,
    );
    await untilBackups(
      'a log that is complete',
      (seen) => (seen.log?.completeUntil ?? 0) > (stateOf(view).lastBackup?.at ?? 0),
    );
    const own = new pg.Client({
      connectionString: ownUrl(buildSystem({ ...parts(), root: house.root }), 'db') as string,
    });
    await own.connect();
    const { rows } = await own.query(
      `select current_setting('synchronous_standby_names') as waits, sync_state as state from pg_stat_replication
        where application_name = 'hale_backup'`,
    );
    await own.end();
    assert.deepEqual(rows, [{ waits: 'hale_backup', state: 'sync' }]);
    await house.untilView('all is well', ({ state }) => state === 'healthy');
    const place = { root: house.root, database: 'db', errand: 'log' } as const;
    const message = new RegExp(`process ${steward(view)?.pid} follows the log`);
    await assert.rejects(occupy(place), { code: 'HALE_PLATFORM_BACKUP_FOLLOWED', message });
    const said = ['control', 'backup-0', 'db-0'].map((name) => house.log(name)).join('');
    assert.ok(!(said + JSON.stringify(view)).includes(key), 'the key is in no output (INV-12)');
  });

  test('killed, it goes on where it was, and takes the next one', async () => {
    const before = await untilBackups('a backup', (seen) => seen.lastBackup !== undefined);
    const { pid } = steward(before) ?? {};
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    const struck = acked.length;
    await house.until('commits are acknowledged again', () => acked.length > struck + 20);
    await untilBackups('a newer backup by another process', (seen, view) => {
      const now = steward(view);
      return (
        now?.pid !== pid &&
        now !== undefined &&
        seen.lastBackup !== undefined &&
        seen.lastBackup.id > (stateOf(before).lastBackup?.id ?? '')
      );
    });
  });

  test('a store that does not work is an incident, loses nothing, and closes when it works', async () => {
    const store = join(house.root, 'vault', 'shop');
    renameSync(store, `${store}.away`);
    writeFileSync(store, 'no folder');
    const isIt = ({ cause, evidence }: IncidentView) => cause === 'backup-overdue' && /not work/.test(evidence.join());
    const ill = await house.untilView('an incident', (view) => view.incidents.some((one) => isIt(one)));
    const incident = ill.incidents.find(isIt);
    assert.equal(incident?.outcome, 'open');
    assert.equal(ill.units.find((one) => one.unit === 'backup')?.state, 'degraded');
    const during = acked.length;
    await house.until('commits go on into the spool', () => acked.length > during + 20);
    rmSync(store);
    renameSync(`${store}.away`, store);
    await house.untilView('it is closed', (view) =>
      view.incidents.some((one) => one.id === incident?.id && one.outcome === 'healed'),
    );
    await house.untilView('all is well', ({ state }) => state === 'healthy');
  });

  test('what goes bad in the store is found by a proof, told, stored anew, and proven', async () => {
    const chunks = join(house.root, 'vault', 'shop', 'db', 'chunk');
    for (const entry of readdirSync(chunks, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const content = readFileSync(file);
      content.writeUInt8(content.readUInt8(content.length >> 1) ^ 1, content.length >> 1);
      writeFileSync(file, content);
    }
    const ill = await house.untilView('a proof that fails', (view) =>
      view.incidents.some((one) => one.cause === 'proof-failed'),
    );
    const incident = ill.incidents.find((one) => one.cause === 'proof-failed');
    assert.match(incident?.evidence.join('; ') ?? '', /proof: .*HALE_PLATFORM_BACKUP_DAMAGED/);
    const bad = stateOf(ill).lastProof?.backup ?? '';
    await untilBackups('a newer backup', (seen) => (seen.lastBackup?.id ?? '') > bad);
    await house.untilView('it is proven again', (view) =>
      view.incidents.some((one) => one.id === incident?.id && one.outcome === 'healed'),
    );
  });

  test('what comes back from the store is what was acknowledged', async () => {
    isWriting = false;
    await writing;
    const { rows } = await client.query<{ at: string }>('select extract(epoch from clock_timestamp()) * 1000 as at');
    await untilBackups('the store is complete', (seen) => (seen.log?.completeUntil ?? 0) > Number(rows[0]?.at));
    const spec = buildSystem({ ...parts(), root: house.root });
    const { vault } = await openStrongbox(spec, 'db', { BACKUP_KEY: key });
    const { files } = await readHouse((await openHouseOf(spec, 'db', { BACKUP_KEY: key })).vault);
    const paths = files.map(({ path }) => path);
    assert.ok(paths.includes('hale.config.ts') && paths.includes('.hale/system.json'), paths.join());
    let there: number[] = [];
    await restore({
      ...{ vault, target: { kind: 'latest' }, folder: join(house.root, 'beside'), engine: await findEngine() },
      clock: createSystemClock(),
      async inspect(connect) {
        const restored = await connect('app');
        there = (await restored.query<{ id: number }>('select id from ledger order by id')).rows.map(({ id }) => id);
        await restored.end();
      },
    });
    assert.deepEqual(there, acked);
    assert.ok(acked.length > 100, `${acked.length} were acknowledged`);
  });

  test('no longer declared, nobody waits and no log is kept for nobody', async () => {
    house.declare(2, { ...parts(), backups: {} });
    const answer = await house.post('/api/v1/declare', { release: 2 });
    assert.ok(answer.status < 300, answer.text);
    await house.untilView('the unit is gone and the database is back', (view) => {
      const db = view.replicas.find((one) => one.unit === 'db');
      return view.units.length === 1 && db?.release === 2 && db.phase === 'serving';
    });
    const spec = buildSystem({ ...parts(), root: house.root });
    const again = new pg.Client({ connectionString: resourceUrl(spec, 'db') as string });
    await again.connect();
    const { rows } = await again.query(
      `select current_setting('synchronous_standby_names') as waits, (select count(*)::int from pg_replication_slots) as slots`,
    );
    await again.end();
    assert.deepEqual(rows, [{ waits: '', slots: 0 }]);
  });
});
