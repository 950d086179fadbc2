// The backups of a cluster follow its primary over the relay: whoever takes over, the log goes on into the store without a hole, and what
// comes back from the store is what was acknowledged before, during and after.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createSystemClock } from '@hale/base';
import type { BackupObservation, BackupSpec, SystemView } from '@hale/model';
import { buildPostgres, buildSystem } from '@hale/model/testing';
import { findEngine, openStrongbox, postgresSupport, resourceUrl, restore } from '@hale/platform/postgres';
import pg from 'pg';
import { keepLedger, openTestHouse, type TestHouse } from './control/testing.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;
const hour = 3_600_000;
const backup: BackupSpec = {
  ...{ url: 'file:vault', keepMs: 24 * hour, everyMs: hour, proveMs: 24 * hour, pitr: true, synchronous: false },
};

describe('backups of a cluster', { skip }, () => {
  let house: TestHouse;
  const parts = () => ({
    ...{ zones: ['a', 'b', 'c'], resources: [buildPostgres({ standbys: 2 })], services: [], gateway: undefined },
    backups: { db: backup },
  });
  const spec = () => buildSystem({ ...parts(), root: house.root });
  const isWhole = (view: SystemView) => view.units.find((one) => one.unit === 'db')?.state === 'healthy';
  const untilBackups = (what: string, fits: (seen: BackupObservation) => boolean) =>
    house.untilView(what, (view) => view.backups?.some(fits) === true);
  const connect = async () => {
    const client = new pg.Client({ connectionString: resourceUrl(spec(), 'db') as string });
    client.on('error', () => {});
    await client.connect();
    return client;
  };

  before(async () => {
    house = await openTestHouse({ parts });
    await house.untilView('a whole cluster', isWhole);
  });
  after(() => house?.close());

  test('the primary is killed: no hole, nothing acknowledged is missing from the store', async (t) => {
    const first = await connect();
    await first.query('create table ledger (id int primary key)');
    await first.end();
    await untilBackups('a proven backup', (seen) => seen.lastProof?.ok === true);
    const acked: number[] = [];
    const stopWriting = keepLedger(connect, acked, 10);
    t.after(stopWriting);
    await house.until('it writes', () => acked.length > 50);
    const view = await house.untilView('a whole cluster', isWhole);
    const primary = view.replicas.find((one) => one.database === 'primary');
    await house.kill(primary?.pid);
    const struck = acked.length;
    await house.until('it writes again', () => acked.length > struck + 50);
    await stopWriting();
    const asking = await connect();
    const { rows } = await asking.query<{ at: string }>('select extract(epoch from clock_timestamp()) * 1000 as at');
    // Nobody's commit waits for the receiver here: it may still be on its way to the new primary.
    await house.until('the new primary keeps its log for it', async () => {
      const slots = await asking.query('select active from pg_replication_slots where slot_name = $1', ['hale_backup']);
      return slots.rows[0]?.active === true;
    });
    await asking.end();
    await untilBackups('a store that is complete', (seen) => (seen.log?.completeUntil ?? 0) > Number(rows[0]?.at));

    const { vault } = await openStrongbox(spec(), 'db', {});
    let there: number[] = [];
    await restore({
      ...{ vault, target: { kind: 'latest' }, folder: join(house.root, 'beside'), engine: await findEngine() },
      clock: createSystemClock(),
      async inspect(connectTo) {
        const restored = await connectTo('app');
        there = (await restored.query<{ id: number }>('select id from ledger order by id')).rows.map(({ id }) => id);
        await restored.end();
      },
    });
    const restored = new Set(there);
    assert.deepEqual(
      acked.filter((id) => !restored.has(id)),
      [],
      'acknowledged and not in the store',
    );
    const taken = house.log('backup-0').match(/ of them new$/gm);
    assert.equal(taken?.length, 1, 'a hole in the log would have needed a second backup');
  });
});
