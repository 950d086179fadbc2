// A service's transactions (`service.sql` of the SDK) on a cluster whose primary is killed and frozen under them: every one must succeed, and have
// happened once. Its reads come from a copy, and one that must miss nothing misses nothing.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReplicaView, SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import { createSql, type Sql } from '@hale/sdk';
import { openTestHouse, type TestHouse } from './control/testing.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

const nodes = (view: SystemView) => view.replicas.filter((one) => one.unit === 'db');
const primaryOf = (view: SystemView) => nodes(view).find((one) => one.database === 'primary');
const isWhole = (view: SystemView) => view.units.find((one) => one.unit === 'db')?.state === 'healthy';

describe('service.sql on a cluster', { skip }, () => {
  let house: TestHouse;
  let sql: Sql;

  /** Six writers, each with one transaction after the other, while `harm` is done to the primary. */
  const buyDuring = async (harm: (primary: ReplicaView) => void) => {
    const struck = primaryOf(await house.untilView('a whole cluster', isWhole)) as ReplicaView;
    const done: string[] = [];
    const failed: string[] = [];
    let isOpen = true;
    const buy = async (client: number) => {
      for (let serial = 0; isOpen; serial++) {
        const key = `${struck.incarnation} ${client} ${serial}`;
        const order = sql.transaction(async (tx) => {
          await tx.query('update stock set left_over = left_over - 1 where sku = $1', [client % 3]);
          await tx.query('insert into orders values ($1)', [key]);
        });
        await order.then(
          () => done.push(key),
          (error: Error) => failed.push(`${key}: ${error.message}`),
        );
      }
    };
    const crowd = Array.from({ length: 6 }, (_, client) => buy(client));
    try {
      await house.until('the crowd buys', () => done.length > 50);
      harm(struck);
      await house.untilView(
        'another primary',
        (view) => ![undefined, struck.replica].includes(primaryOf(view)?.replica),
      );
      const before = done.length;
      await house.until('the crowd buys again', () => done.length > before + 50);
    } finally {
      isOpen = false;
      await Promise.all(crowd);
    }
    await house.untilView('a whole cluster again', isWhole);
    assert.deepEqual(failed, [], 'failed');
    const { rows } = await sql.query<{ key: string; n: number }>(
      'select key, count(*)::int as n from orders group by key',
    );
    const there = new Map(rows.map(({ key, n }) => [key, n]));
    assert.deepEqual(
      done.filter((key) => there.get(key) !== 1),
      [],
      'lost or doubled',
    );
    const { rows: stock } = await sql.query<{ gone: number }>('select -sum(left_over)::int as gone from stock');
    assert.equal(stock[0]?.gone, rows.length, 'each order took one thing');
  };

  before(async () => {
    const resources = { db: buildPostgres({ standbys: 2 }) };
    house = await openTestHouse({
      parts: (root) => ({
        zones: ['a', 'b', 'c'],
        resources: [resources.db],
        services: [buildWorker({ program: { kind: 'command', argv: ['sleep', '100000'] }, cwd: root, uses: ['db'] })],
      }),
    });
    await house.untilView('a whole cluster', isWhole);
    const at = { root: house.root, resources };
    // How long a failover takes is a benchmark's to say.
    sql = createSql(undefined, {
      ...{ url: resourceUrl(at, 'db')!, readUrl: resourceUrl(at, 'db', 'read')!, timeoutMs: 60_000 },
    });
    // No key that would hide a second one.
    await sql.query('create table orders (key text not null)');
    await sql.query('create table stock as select sku, 0 as left_over from generate_series(0, 2) sku');
  });
  after(async () => {
    await sql?.close();
    await house?.close();
  });

  test('reads come from a copy, and who must miss nothing misses nothing', async () => {
    const look = () =>
      sql.read(
        async (tx) => {
          const { rows } = await tx.query<{ n: number; copy: boolean }>(
            "select count(*)::int as n, pg_is_in_recovery() as copy from orders where key like 'own %'",
          );
          return rows[0];
        },
        { stalenessMaxMs: 0 },
      );
    for (let i = 0; i < 50; i++) {
      await sql.query('insert into orders values ($1)', [`own ${i}`]);
      assert.equal((await look())?.n, i + 1);
    }
    // Any one of them may have come from the primary: a copy that lags is waited for only a moment.
    await house.until('it comes from a copy', async () => (await look())?.copy === true);
    await sql.query('truncate orders');
  });

  test('the primary is killed: nothing fails, nothing is lost or doubled', () =>
    buyDuring((primary) => process.kill(primary.pid as number, 'SIGKILL')));

  test('the primary is frozen: the same', () => buyDuring((primary) => process.kill(primary.pid as number, 'SIGSTOP')));
});
