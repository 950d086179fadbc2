// A data folder that is taken away under its database, by a hand or with its disk. Where another node has the data it takes over, long before PostgreSQL
// itself notices; where there is none, no empty database is ever put in its place, and what comes back serves again.
import assert from 'node:assert/strict';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ReplicaView, SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import pg from 'pg';
import { openTestHouse, type TestHouse } from './control/testing.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

type Database = ReturnType<typeof buildPostgres>;

function open(db: Database): Promise<TestHouse> {
  return openTestHouse({
    parts: (root) => ({
      zones: ['a', 'b', 'c'],
      resources: [db],
      services: [buildWorker({ program: { kind: 'command', argv: ['sleep', '100000'] }, cwd: root, uses: ['db'] })],
    }),
  });
}

const nodesOf = (view: SystemView) => view.replicas.filter((one) => one.unit === 'db');
const primaryOf = (view: SystemView) => nodesOf(view).find((one) => one.database === 'primary') as ReplicaView;
const isWhole = (view: SystemView) => view.units.find((one) => one.unit === 'db')?.state === 'healthy';

async function ask<Row extends pg.QueryResultRow>(house: TestHouse, db: Database, text: string): Promise<Row[]> {
  const client = new pg.Client({
    connectionString: resourceUrl({ root: house.root, resources: { db } }, 'db') as string,
    connectionTimeoutMillis: 15_000,
  });
  client.on('error', () => {});
  await client.connect();
  return (await client.query<Row>(text).finally(() => client.end())).rows;
}

const fill = 'create table ledger as select generate_series(1, 100) as id';
const count = 'select count(*)::int as n from ledger';

describe('a data folder that is taken away', { skip }, () => {
  test('under the primary of a cluster: another takes over, and it comes back as a copy', async () => {
    const db = buildPostgres({ standbys: 2 });
    const house = await open(db);
    try {
      const before = primaryOf(await house.untilView('a whole cluster', isWhole));
      await ask(house, db, fill);
      const ordinal = Number(before.replica.split('/')[1]);
      const folder = join(house.root, '.hale', 'data', 'db', ordinal === 0 ? 'pgdata' : `pgdata-${ordinal}`);
      rmSync(folder, { recursive: true, force: true });
      await house.untilView('another primary', (view) => {
        const one = primaryOf(view);
        return one !== undefined && one.replica !== before.replica;
      });
      const feed = await house.get<{ text: string }[]>('/api/v1/feed?limit=100');
      assert.ok(
        feed.some(({ text }) => /is condemned: its data folder has been gone/.test(text)),
        'Hale saw it, and did not wait for PostgreSQL to end by itself',
      );
      await house.untilView('a whole cluster again', isWhole);
      assert.deepEqual(await ask(house, db, count), [{ n: 100 }]);
      assert.ok(existsSync(join(folder, 'standby.signal')));
    } finally {
      await house.close();
    }
  });

  test('under a single database: nothing is made in its place, and it serves again when it is brought back', async () => {
    const db = buildPostgres();
    const house = await open(db);
    try {
      const before = nodesOf(await house.untilView('a database that serves', isWhole))[0] as ReplicaView;
      await ask(house, db, fill);
      process.kill(before.pid as number, 'SIGSTOP');
      const folder = join(house.root, '.hale', 'data', 'db');
      // With all that lies beside it, as a disk that is not mounted any more.
      renameSync(folder, `${folder}-away`);
      process.kill(before.pid as number, 'SIGKILL');
      await house.untilView('it says what is missing', (view) =>
        JSON.stringify(view).includes('there is none now; to begin with an empty one: rm '),
      );
      assert.equal(existsSync(join(folder, 'pgdata')), false);
      rmSync(folder, { recursive: true, force: true });
      renameSync(`${folder}-away`, folder);
      await house.untilView('it serves again', isWhole);
      assert.deepEqual(await ask(house, db, count), [{ n: 100 }]);
    } finally {
      await house.close();
    }
  });
});
