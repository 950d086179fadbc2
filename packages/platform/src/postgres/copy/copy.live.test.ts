// The delta copy on real servers: fresh under writes, a diverged old primary, broken off and gone on, refusals. What a copy
// holds is judged by PostgreSQL itself: it starts, streams, has the same rows, and amcheck finds no fault.
import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { postgresSupport } from '../support.ts';
import { copyCluster } from './copy.ts';
import { buildHouse, caughtUp, eventually, type Node } from './house.ts';
import { markerName } from './skip.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

const digest = `select count(*)::int as n, md5(string_agg(id || ':' || word, ',' order by id)) as sum from t`;

async function fill(node: Node): Promise<void> {
  await node.query('create extension amcheck');
  await node.query('create table t (id int primary key, word text)');
  await node.query(`insert into t select i, md5(i::text) from generate_series(1, 20000) i`);
  await node.query('create unlogged table u as select generate_series(1, 1000) i');
  // Vacuum cuts it, so that a copy meets a file that shrinks.
  await node.query(`create table shrinking as select i, repeat('x', 100) as x from generate_series(1, 40000) i`);
}

/** Commits, grows, shrinks and drops until it is told to stop; returns how many rows were acknowledged. */
function writeOn(node: Node): { stop(): Promise<number> } {
  let stopping = false;
  const done = (async () => {
    const client = await node.client();
    let acked = 0;
    for (let i = 0; !stopping; i++) {
      await client.query(`insert into t values (${100_000 + i}, md5('${i}'))`);
      acked++;
      await client.query(`update t set word = word || 'u' where id = ${(i * 37) % 20000}`);
      if (i % 20 === 0) {
        await client.query(`create table d${i} as select generate_series(1, 2000) i`);
        if (i > 0) await client.query(`drop table d${i - 20}`);
      }
      if (i === 30) {
        await client.query('delete from shrinking');
        await client.query('vacuum shrinking');
      }
    }
    await client.end();
    return acked;
  })();
  return {
    stop() {
      stopping = true;
      return done;
    },
  };
}

async function assertSame(standby: Node, primary: Node): Promise<void> {
  await eventually('streaming', async () => {
    const rows = await standby.query(`select 1 from pg_stat_wal_receiver where status = 'streaming'`);
    return rows.length === 1;
  });
  await caughtUp(standby, primary);
  assert.deepEqual(await standby.query(digest), await primary.query(digest));
  const faults = await standby.query(
    `select c.relname, v.* from pg_class c, verify_heapam(c.oid) v where c.relkind in ('r', 't', 'm') and c.relpersistence = 'p'`,
  );
  assert.deepEqual(faults, []);
  const checked = await standby.query<{ n: number }>(
    `select count(*)::int as n from (select bt_index_check(i.indexrelid, true) from pg_index i join pg_class c on c.oid = i.indexrelid
       join pg_am a on a.oid = c.relam where a.amname = 'btree' and c.relpersistence = 'p' and i.indisvalid offset 0) s`,
  );
  assert.ok(checked[0]!.n > 50);
}

test('a fresh copy under writes becomes a standby with the same rows', { skip }, async (t) => {
  const house = await buildHouse();
  t.after(house.close);
  const primary = await house.primary('a');
  await fill(primary);
  const standby = await house.node('b');
  const writer = writeOn(primary);
  const progress: number[] = [];
  const result = await copyCluster(primary.source, standby.pgdata, {
    chunkBytes: 64 * 1024,
    onProgress: ({ bytesDone, bytesTotal }) => progress.push(bytesDone / bytesTotal),
  });
  assert.ok((await writer.stop()) > 0);
  assert.equal(progress.at(-1), 1);
  assert.ok(result.bytesCopied > 0 && result.bytesCopied <= result.bytesTotal);
  assert.equal(existsSync(join(standby.pgdata, markerName)), false);
  assert.equal(statSync(standby.pgdata).mode & 0o777, 0o700);
  assert.equal(statSync(join(standby.pgdata, 'PG_VERSION')).mode & 0o777, 0o600);
  standby.follow(primary);
  await standby.start();
  await assertSame(standby, primary);

  // The same again over the running standby is refused; over the stopped one little is copied.
  await assert.rejects(copyCluster(primary.source, standby.pgdata), { code: 'HALE_PLATFORM_POSTGRES_COPY_RUNNING' });
  assert.ok(existsSync(join(standby.pgdata, 'global', 'pg_control')), 'a refusal changes nothing');
});

test('an old primary that went astray comes back with little copied', { skip }, async (t) => {
  const house = await buildHouse();
  t.after(house.close);
  const old = await house.primary('a');
  await fill(old);
  const next = await house.node('b');
  await copyCluster(old.source, next.pgdata);
  next.follow(old);
  await next.start();
  await caughtUp(next, old);
  // Cut off: fifty rows that nobody else has.
  await next.query(`alter system set primary_conninfo = ''`);
  await next.query('select pg_reload_conf()');
  await eventually('cut off', async () => (await next.query('select 1 from pg_stat_wal_receiver')).length === 0);
  await old.query(`insert into t select i, 'astray' from generate_series(900001, 900050) i`);
  await old.query('create table lost as select generate_series(1, 5000) i');
  await old.end('SIGKILL');
  await next.query('select pg_promote(true)');
  await next.query(`insert into t select i, 'new' from generate_series(30001, 30100) i`);
  writeFileSync(join(old.pgdata, 'pg_wal', 'archive_status', 'junk.ready'), '');

  const result = await copyCluster(next.source, old.pgdata);
  t.diagnostic(`copied ${result.bytesCopied} of ${result.bytesTotal} bytes`);
  assert.ok(result.bytesCopied < result.bytesTotal / 4);
  assert.equal(result.timeline, 2);
  assert.equal(existsSync(join(old.pgdata, 'pg_wal', 'archive_status', 'junk.ready')), false);
  old.follow(next);
  await old.start();
  await assertSame(old, next);
  assert.deepEqual(await old.query(`select 1 from t where word = 'astray'`), []);
  assert.deepEqual(await old.query(`select to_regclass('lost')::text as name`), [{ name: null }]);
});

test('another cluster, and a folder of something else, are never overwritten', { skip }, async (t) => {
  const house = await buildHouse();
  t.after(house.close);
  const one = await house.primary('a');
  const other = await house.node('b');
  writeFileSync(join(house.root, 'file'), 'mine');
  await assert.rejects(copyCluster(one.source, house.root), { code: 'HALE_PLATFORM_POSTGRES_COPY_FOREIGN' });
  assert.ok(existsSync(join(house.root, 'file')));
  const strangers = await buildHouse();
  t.after(strangers.close);
  const stranger = await strangers.primary('s');
  await stranger.end('SIGINT');
  await assert.rejects(copyCluster(one.source, stranger.pgdata), (error: Error & { code: string }) => {
    assert.equal(error.code, 'HALE_PLATFORM_POSTGRES_COPY_FOREIGN');
    assert.match(error.message, /system identifier is \d+, the source's \d+/);
    return true;
  });
  await stranger.start();
  await one.query(`create role nobody login password 'x'`);
  const poor = { ...one.source, user: 'nobody', password: 'x' };
  await assert.rejects(copyCluster(poor, other.pgdata), { code: 'HALE_PLATFORM_POSTGRES_COPY_SOURCE' });
});
