// Commits of a cluster that wait for a standby and for the log's receiver: none goes without either, and after the primary was
// killed and another took over, store and spool alone have all that was acknowledged.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createSystemClock } from '@hale/base';
import type { BackupSpec, SystemView } from '@hale/model';
import { buildPostgres, buildSystem } from '@hale/model/testing';
import {
  drainSpool,
  findEngine,
  openStrongbox,
  ownUrl,
  postgresSupport,
  resourceUrl,
  restore,
} from '@hale/platform/postgres';
import pg from 'pg';
import { keepLedger, openTestHouse, type TestHouse } from './control/testing.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;
const hour = 3_600_000;
const backup: BackupSpec = {
  ...{ url: 'file:vault', keepMs: 24 * hour, everyMs: hour, proveMs: 24 * hour, pitr: true, synchronous: true },
};

describe('synchronous backups of a cluster', { skip }, () => {
  let house: TestHouse;
  const acked: number[] = [];
  const parts = () => ({
    ...{ zones: ['a', 'b', 'c'], resources: [buildPostgres({ standbys: 2 })], services: [], gateway: undefined },
    backups: { db: backup },
  });
  const spec = () => buildSystem({ ...parts(), root: house.root });
  const isWhole = (view: SystemView) => view.units.find((one) => one.unit === 'db')?.state === 'healthy';
  const hasReceiver = (view: SystemView) =>
    view.replicas.some(({ unit, pid }) => unit === 'backup' && pid !== undefined);
  const connect = async (url = resourceUrl(spec(), 'db')) => {
    const client = new pg.Client({ connectionString: url as string });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const ask = async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) => {
    const client = await connect(ownUrl(spec(), 'db'));
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  const pidOf = (view: SystemView, fits: (one: SystemView['replicas'][number]) => boolean) =>
    view.replicas.find(fits)?.pid as number;

  before(async () => {
    house = await openTestHouse({ parts });
    await house.untilView('a whole cluster', isWhole);
    const first = await connect();
    await first.query('create table ledger (id int primary key)');
    await first.end();
    await house.untilView('a proven backup', (view) => view.backups?.some((seen) => seen.lastProof?.ok) === true);
  });
  after(() => house?.close());

  test('the receiver has two voices of three that are needed; while it is stopped, no commit goes', async () => {
    const [names] = await ask<{ names: string }>("select current_setting('synchronous_standby_names') as names");
    assert.match(names?.names ?? '', /^ANY 3 \("hale_backup", "db_\d_t\d+", "db_\d_t\d+"\)$/);
    await house.until('both of its lines are read', async () => {
      const lines = await ask("select 1 from pg_replication_slots where slot_name ~ '^hale_backup' and active");
      return lines.length === 2;
    });
    const view = await house.untilView('a whole cluster', isWhole);
    const receiver = pidOf(view, (one) => one.unit === 'backup');
    // Who is stopped is replaced after three seconds: nothing that takes time comes between, no connection is opened.
    const [client, eye] = [await connect(), await connect(ownUrl(spec(), 'db'))];
    process.kill(receiver, 'SIGSTOP');
    let isDone = false;
    const committed = client.query('insert into ledger values (-1)').then(() => {
      isDone = true;
    });
    try {
      await house.until('a commit waits, though both standbys have it', async () => {
        const { rows } = await eye.query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity a where a.wait_event = 'SyncRep' and
            2 = (select count(*) from pg_stat_replication where application_name ~ '^db_' and flush_lsn >= pg_current_wal_insert_lsn())`,
        );
        return rows[0]?.n === 1;
      });
      assert.equal(isDone, false);
    } finally {
      process.kill(receiver, 'SIGCONT');
    }
    await committed;
    await Promise.all([client.end(), eye.end()]);
    acked.push(-1);
  });

  test('the primary is killed and another takes over: what was acknowledged is in store and spool, whatever burns', async (t) => {
    const stopWriting = keepLedger(connect, acked);
    t.after(stopWriting);
    await house.until('it writes', () => acked.length > 50);
    const view = await house.untilView('a whole cluster', isWhole);
    await house.kill(pidOf(view, (one) => one.database === 'primary'));
    const struck = acked.length;
    await house.until('it writes again', () => acked.length > struck + 50);
    // A picture of the store and of the spool within it, in the middle of the work: all that would be left after a fire.
    const receiver = pidOf(await house.untilView('a receiver', hasReceiver), (one) => one.unit === 'backup');
    process.kill(receiver, 'SIGSTOP');
    const last = [...acked];
    const burned = join(house.root, 'burned');
    cpSync(join(house.root, 'vault'), join(burned, 'vault'), { recursive: true });
    process.kill(receiver, 'SIGCONT');
    await stopWriting();

    const box = await openStrongbox({ ...spec(), root: burned }, 'db', {});
    await drainSpool(box.vault, box.spool);
    let there = new Set<number>();
    await restore({
      ...{ vault: box.vault, target: { kind: 'latest' }, folder: join(burned, 'beside') },
      ...{ engine: await findEngine(), clock: createSystemClock() },
      async inspect(connectTo) {
        const restored = await connectTo('app');
        there = new Set((await restored.query<{ id: number }>('select id from ledger')).rows.map(({ id }) => id));
        await restored.end();
      },
    });
    assert.ok(last.length > struck + 50);
    assert.deepEqual(
      last.filter((id) => !there.has(id)),
      [],
      'acknowledged and lost',
    );
  });
});
