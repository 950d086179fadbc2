// A commit that the server calls a success although the wait for its standbys was canceled (notice 01000) is no acknowledgement: the keyed request
// gets its answer when they have it, and not before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { pgSource } from './pg-source.ts';
import { holdCommits, releaseCommits, skipWithoutPostgres, startTestDatabase } from './testing/database.ts';

test('a success without its standbys waits until they have it', { skip: skipWithoutPostgres() }, async (t) => {
  const database = await startTestDatabase(t);
  const eye = new pg.Client({ connectionString: database.url });
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  eye.on('error', () => {});
  pool.on('error', () => {});
  await eye.connect();
  t.after(async () => {
    await Promise.all([eye.end(), pool.end()]);
  });
  await eye.query('create table notes (text text)');
  await holdCommits(eye, database.url);
  const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    for (let i = 0; i < 400; i++) {
      const seen = await look();
      if (seen !== undefined) return seen;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`did not come: ${what}`);
  };
  const waiting = async (text: string) => {
    const asked = "select pid from pg_stat_activity where wait_event = 'SyncRep' and query like $1";
    return (await eye.query(asked, [text])).rows[0]?.pid as number | undefined;
  };
  const source = pgSource(pool);
  let isDone = false;
  const kept = source
    .transact(async (tx) => source.query(tx, "insert into notes values ('x')"), 10_000)
    .then(() => {
      isDone = true;
    });
  await eye.query('select pg_cancel_backend($1)', [await until('the commit waits', () => waiting('commit'))]);
  const again = await until('the confirmation waits', () => waiting('%pg_logical_emit_message%'));
  assert.deepEqual([isDone, (await eye.query('select text from notes')).rowCount], [false, 1]);
  await releaseCommits(eye);
  await kept;

  await holdCommits(eye, database.url);
  const refused = source.transact(async (tx) => source.query(tx, "insert into notes values ('y')"), 10_000);
  const said = assert.rejects(refused, /canceled twice/);
  await eye.query('select pg_cancel_backend($1)', [await until('the commit waits', () => waiting('commit'))]);
  await eye.query('select pg_cancel_backend($1)', [await until('it is confirmed', () => waiting('%emit_message%'))]);
  await said;
  assert.equal(typeof again, 'number');
  await releaseCommits(eye);
});
