// Backups that nobody types: a small real system whose database is copied and proven by itself. Its process is killed and goes on, its store
// breaks and that is an incident until it works again, and what comes back from the store is what was acknowledged.
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystemClock } from '@hale/base';
import type { BackupObservation, BackupSpec, IncidentView, SystemView } from '@hale/model';
import { buildPostgres, buildSystem } from '@hale/model/testing';
import { findEngine, openStrongbox, postgresSupport, resourceUrl, restore } from '@hale/platform/postgres';
import pg from 'pg';
import { openTestHouse, type TestHouse } from './control/testing.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;
const key = 'c0ffee0f'.repeat(8);
const backup: BackupSpec = {
  ...{ url: 'file:vault', keepMs: 3_600_000, everyMs: 6_000, proveMs: 6_000, pitr: true, synchronous: true },
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
    house = await openTestHouse({ parts, env: { BACKUP_KEY: key } });
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
    const { rows } = await client.query(
      `select current_setting('synchronous_standby_names') as waits, sync_state as state from pg_stat_replication
        where application_name = 'hale_backup'`,
    );
    assert.deepEqual(rows, [{ waits: 'hale_backup', state: 'sync' }]);
    await house.untilView('all is well', ({ state }) => state === 'healthy');
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

  test('what comes back from the store is what was acknowledged', async () => {
    isWriting = false;
    await writing;
    const { rows } = await client.query<{ at: string }>('select extract(epoch from clock_timestamp()) * 1000 as at');
    await untilBackups('the store is complete', (seen) => (seen.log?.completeUntil ?? 0) > Number(rows[0]?.at));
    const spec = buildSystem({ ...parts(), root: house.root });
    const { vault } = await openStrongbox(spec, 'db', { BACKUP_KEY: key });
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
});
