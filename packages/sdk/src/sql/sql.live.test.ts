// A service's transactions against a real PostgreSQL that refuses, hangs, conflicts, is killed, and answers with a success that is none.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import {
  holdCommits,
  releaseCommits,
  skipWithoutPostgres,
  startTestDatabase,
  type TestDatabase,
} from '../idempotency/testing/database.ts';
import { createSql, type SqlOptions } from './sql.ts';

const skip = skipWithoutPostgres();

describe('service.sql', { skip }, () => {
  let database: TestDatabase;
  let eye: pg.Client;
  const goodbyes: (() => void | Promise<void>)[] = [];
  const open = (options: SqlOptions = {}) => {
    const sql = createSql(undefined, { url: database.url, timeoutMs: 20_000, ...options });
    goodbyes.push(() => sql.close());
    return sql;
  };
  const look = async () => {
    eye = new pg.Client({ connectionString: database.url });
    eye.on('error', () => {});
    await eye.connect();
  };
  const count = async (key: string) =>
    (await eye.query('select count(*)::int as n from things where key = $1', [key])).rows[0].n as number;
  const until = async (what: string, holds: () => Promise<boolean>) => {
    for (let i = 0; !(await holds()); i++) {
      assert.ok(i < 400, `did not come: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };

  before(async () => {
    database = await startTestDatabase({ after: (fn) => void goodbyes.push(fn) });
    await look();
    await eye.query(
      'create table things (key text not null); create table counters (n int); insert into counters values (0)',
    );
  });
  after(async () => {
    await eye.end();
    for (const goodbye of goodbyes.reverse()) await goodbye();
  });

  test('one statement, several, and what the work throws', async () => {
    const sql = open();
    assert.equal((await sql.query<{ n: number }>('select $1::int as n', [7])).rows[0]?.n, 7);
    const gave = await sql.transaction(async (tx) => {
      await tx.query('insert into things values ($1)', ['kept']);
      return tx.attempt;
    });
    assert.deepEqual([gave, await count('kept')], [1, 1]);
    const mine = new Error('no stock');
    await assert.rejects(
      sql.transaction(async (tx) => {
        await tx.query('insert into things values ($1)', ['undone']);
        throw mine;
      }),
      (error) => error === mine,
    );
    await assert.rejects(sql.query('select nonsense'), { code: '42703' });
    assert.equal(await count('undone'), 0);
  });

  test('a failed statement whose error was swallowed commits nothing, and says so', async () => {
    const careless = open().transaction(async (tx) => {
      await tx.query('insert into things values ($1)', ['careless']);
      await tx.query('select 1 / 0').catch(() => {});
    });
    await assert.rejects(careless, { code: 'HALE_SDK_SQL_FAILED_BEFORE', retriable: false });
    assert.equal(await count('careless'), 0);
  });

  test('who conflicts is run again until all have had their turn', async () => {
    const sql = open();
    const attempts: number[] = [];
    const add = () =>
      sql.transaction(
        async (tx) => {
          attempts.push(tx.attempt);
          const { rows } = await tx.query<{ n: number }>('select n from counters');
          await tx.query('update counters set n = $1', [rows[0]!.n + 1]);
        },
        { isolation: 'serializable' },
      );
    await Promise.all(Array.from({ length: 20 }, add));
    assert.equal((await eye.query('select n from counters')).rows[0].n, 20);
    assert.ok(Math.max(...attempts) > 1, 'there was a conflict');
  });

  test('a queue that is full refuses at once', async () => {
    const sql = open({ connections: 1, waitersMax: 1 });
    let open1 = () => {};
    const gate = new Promise<void>((resolve) => {
      open1 = resolve;
    });
    const first = sql.transaction(() => gate);
    const second = sql.query('select 1');
    await assert.rejects(sql.query('select 1'), { code: 'HALE_SDK_SQL_BUSY', retriable: true });
    open1();
    await Promise.all([first, second]);
    await sql.query('select 1');
  });

  test('who takes too long is told that nothing was done, and its connection is not used again', async () => {
    const sql = open({ connections: 1 });
    const slow = sql.transaction(
      async (tx) => {
        await tx.query('insert into things values ($1)', ['slow']);
        await tx.query('select pg_sleep(30)');
      },
      { timeoutMs: 300 },
    );
    await assert.rejects(slow, { code: 'HALE_SDK_SQL_TIMEOUT', retriable: true });
    await sql.query('select 1');
    assert.equal(await count('slow'), 0);
  });

  test('a commit that was acknowledged without its standbys is none until they have it', async () => {
    const sql = open({ connections: 1 });
    await sql.query('select 1');
    await holdCommits(eye, database.url);
    let isDone = false;
    const written = sql.query('insert into things values ($1)', ['doubted']).then(() => {
      isDone = true;
    });
    const waiters = async () =>
      (await eye.query("select pid from pg_stat_activity where wait_event = 'SyncRep'")).rows.map(
        (row) => row.pid as number,
      );
    await until('the commit waits', async () => (await waiters()).length === 1);
    const [first] = await waiters();
    await eye.query('select pg_cancel_backend($1)', [first]);
    // The server has called it a success. The question about it waits for the standby in its turn.
    await until('the question waits', async () => (await waiters()).some((pid) => pid !== first));
    assert.equal(isDone, false);
    assert.equal(await count('doubted'), 1, 'it is there for everybody to see, and one node has it');
    await releaseCommits(eye);
    await written;
    assert.equal(await count('doubted'), 1);
  });

  test('the server is killed in the middle: the work is run again', async () => {
    const sql = open();
    const attempts: number[] = [];
    await sql.transaction(async (tx) => {
      attempts.push(tx.attempt);
      await tx.query('insert into things values ($1)', ['killed']);
      if (tx.attempt > 1) return;
      await database.kill();
      await database.start();
    });
    await look();
    assert.equal(await count('killed'), 1);
    assert.ok(attempts.length > 1);
  });

  test('no database until time is up: not done, or unknown, and never the wrong one of the two', async () => {
    const sql = open({ timeoutMs: 1_500 });
    await sql.query('select 1');
    await database.kill();
    await assert.rejects(sql.query('select 1'), { code: 'HALE_SDK_SQL_TIMEOUT', retriable: true });
    await database.start();
    await look();
    // It waits for a standby that never comes, and is killed in its wait: whether it was committed is not to be known from here.
    await holdCommits(eye, database.url);
    // Time enough to get as far as its commit, whatever else goes on: before that it would be known that nothing was done.
    const gone = assert.rejects(sql.query('insert into things values ($1)', ['lost'], { timeoutMs: 5_000 }), {
      code: 'HALE_SDK_SQL_UNKNOWN',
    });
    await until('the commit waits', async () => {
      const { rowCount } = await eye.query("select from pg_stat_activity where wait_event = 'SyncRep'");
      return rowCount === 1;
    });
    await database.kill();
    await gone;
    await database.start();
    await look();
    await releaseCommits(eye);
  });

  test('without the right to make its table it says what to do; without a table it does not look up', async () => {
    await eye.query('create role guest login; grant insert, select on things to guest');
    await eye.query('revoke create on schema public from public');
    await eye.query('drop table hale_commits');
    const url = new URL(database.url);
    url.username = 'guest';
    await assert.rejects(open({ url: url.href }).query('select 1'), {
      code: 'HALE_SDK_SQL_LEDGER',
      message: /permission denied/,
    });
    await open({ url: url.href, ledger: false }).query('insert into things values ($1)', ['guest']);
    assert.equal(await count('guest'), 1);
  });

  test('reads are reads, also where there is no copy', async () => {
    const sql = open();
    await sql.query('insert into things values ($1)', ['seen']);
    const read = (stalenessMaxMs?: number) =>
      sql.read(async (tx) => (await tx.query("select from things where key = 'seen'")).rowCount, {
        ...(stalenessMaxMs === undefined ? {} : { stalenessMaxMs }),
      });
    assert.deepEqual([await read(), await read(0), await read(1_000)], [1, 1, 1]);
    await assert.rejects(
      sql.read((tx) => tx.query('delete from things')),
      { code: '25006' },
    );
  });

  test('a database that nobody told of, and options that make no sense', () => {
    const env = { HALE_DB_ORDERS: 'postgres://x', HALE_DB_ORDERS_RO: 'postgres://y' };
    assert.throws(() => createSql(undefined, { env }), {
      code: 'HALE_SDK_SQL_NO_DATABASE',
      message: 'DATABASE_URL is not set; this process was told HALE_DB_ORDERS',
    });
    assert.throws(() => createSql(undefined, { env: {} }), { message: 'DATABASE_URL is not set' });
    assert.throws(() => createSql('orders', { env, connections: 0 }), { code: 'HALE_SDK_SQL_OPTION_INVALID' });
    assert.throws(() => createSql('orders', { env, ledger: 'a; drop' }), { code: 'HALE_SDK_SQL_OPTION_INVALID' });
  });
});
