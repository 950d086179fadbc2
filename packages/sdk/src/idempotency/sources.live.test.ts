// The record and the effect in one transaction of each library, against a real PostgreSQL: kept together, undone together, cut together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import knex, { type Knex } from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { drizzleStore, knexStore, kyselyStore, pgStore, prismaStore, typeormStore } from '../pg.ts';
import { createIdempotency } from './idempotency.ts';
import type { IdempotencyStore } from './store.ts';
import { skipWithoutPostgres, startTestDatabase } from './testing/database.ts';

interface Library<Tx> {
  readonly store: IdempotencyStore<Tx>;
  effect(tx: Tx): Promise<unknown>;
  close(): Promise<unknown>;
}

interface Notes {
  notes: { text: string };
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => {});
  // Libraries that borrow a pool's client do not listen to it; without a listener a cut connection ends the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

// biome-ignore lint/suspicious/noExplicitAny: each library has a transaction of its own type
type AnyLibrary = Library<any>;
const leaseMs = 1_000;
const insert = `insert into notes (text) values ('x')`;
const libraries: Readonly<Record<string, (url: string) => Promise<AnyLibrary>>> = {
  async pg(url) {
    const pool = openPool(url);
    return {
      store: pgStore<pg.PoolClient>(pool, { leaseMs }),
      effect: (tx) => tx.query(insert),
      close: () => pool.end(),
    };
  },
  async Drizzle(url) {
    const pool = openPool(url);
    const store = drizzleStore(drizzle(pool), { leaseMs });
    return {
      store,
      effect: (tx) => tx.execute(sql`insert into notes (text) values (${'x'})`),
      close: () => pool.end(),
    };
  },
  async Kysely(url) {
    const db = new Kysely<Notes>({ dialect: new PostgresDialect({ pool: openPool(url) }) });
    const store = kyselyStore(db, { leaseMs });
    return { store, effect: (tx) => tx.insertInto('notes').values({ text: 'x' }).execute(), close: () => db.destroy() };
  },
  async Knex(url) {
    const db = knex({ client: 'pg', connection: url, pool: { min: 0, max: 4 } });
    const store = knexStore<Knex.Transaction>(db, { leaseMs });
    return { store, effect: (tx: Knex.Transaction) => tx('notes').insert({ text: 'x' }), close: () => db.destroy() };
  },
  async TypeORM(url) {
    const source = await new DataSource({ type: 'postgres', url, extra: { max: 4 } }).initialize();
    const store = typeormStore<EntityManager>(source, { leaseMs });
    return { store, effect: (tx: EntityManager) => tx.query(insert), close: () => source.destroy() };
  },
  /** By its documented interface over a real connection: Prisma's own engine is not among the packages here. */
  async 'Prisma (by its interface)'(url) {
    const pool = openPool(url);
    const prisma = {
      async $transaction<T>(
        work: (tx: unknown) => Promise<T>,
        _options: { timeout: number; maxWait: number },
      ): Promise<T> {
        const client = await pool.connect();
        const run = async (text: string) => (await client.query(text)).rows;
        try {
          await run('begin');
          const result = await work({
            $queryRawUnsafe: run,
            $executeRawUnsafe: async (text: string) => (await run(text)).length,
          });
          await run('commit');
          client.release();
          return result;
        } catch (error) {
          await run('rollback').catch(() => {});
          client.release(true);
          throw error;
        }
      },
    };
    const store = prismaStore<{ $executeRawUnsafe(text: string): Promise<number> }>(prisma, { leaseMs });
    return { store, effect: (tx) => tx.$executeRawUnsafe(insert), close: () => pool.end() };
  },
};

test('the record joins the transaction of each library', { skip: skipWithoutPostgres() }, async (t) => {
  const { url } = await startTestDatabase(t);
  const eye = new pg.Client({ connectionString: url });
  await eye.connect();
  try {
    await eye.query('create table notes (id serial primary key, text text not null)');
    for (const [name, open] of Object.entries(libraries)) await t.test(name, () => check(name, open, eye, url));
  } finally {
    // Before the database stops: `after` runs in the order in which it was asked for.
    await eye.end();
  }
});

async function check(
  name: string,
  open: (url: string) => Promise<AnyLibrary>,
  eye: pg.Client,
  url: string,
): Promise<void> {
  await eye.query('truncate notes; drop table if exists hale_idempotency');
  const library = await open(url);
  const { store, effect } = library;
  const idempotency = createIdempotency({ store, scope: name, waitMs: 0 });
  const notes = async () => Number((await eye.query('select count(*) as n from notes')).rows[0].n);
  const ask = async (key: string, act: () => Promise<number> = async () => 201, body = 'a') => {
    const header = (wanted: string) => (wanted === 'idempotency-key' ? key : undefined);
    const answer = await idempotency.handle({ method: 'POST', url: '/', header, body }, async ({ tx }) => {
      await effect(tx);
      return {
        status: await act(),
        headers: { 'content-type': 'text/plain' },
        body: Buffer.from([0, 39, 92, 63, 255]),
      };
    });
    return answer;
  };
  try {
    const first = await ask('k1');
    const again = await ask('k1');
    assert.deepEqual(
      [first.status, again.status, again.headers['idempotency-replayed'], await notes()],
      [201, 201, 'true', 1],
    );
    assert.deepEqual(Buffer.from(again.body), Buffer.from(first.body), 'bytes are bytes');
    assert.equal((await ask('k1', undefined, 'b')).status, 422);
    assert.deepEqual([(await ask('k2', async () => 500)).status, await notes()], [500, 1], 'undone together');
    await assert.rejects(
      ask('k2', () => Promise.reject(new Error('on purpose'))),
      /on purpose/,
    );
    assert.deepEqual([(await ask('k2')).status, await notes()], [201, 2]);
    const cut = await ask('k3', async () => {
      const same = await ask('k3');
      assert.equal(same.status, 409, 'in progress is seen');
      assert.equal((await ask('k3', undefined, 'b')).status, 422, 'and the payload before it');
      // It idles, but for the moments in which it renews its lease.
      const cutting = `select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'`;
      while ((await eye.query(cutting)).rowCount === 0);
      return 201;
    });
    assert.deepEqual([cut.status, await notes()], [503, 2], 'cut together');
    assert.deepEqual([(await ask('k3')).status, await notes()], [201, 3]);
    // Slower than the lease: the owner asks by itself, and is not cut off.
    await ask('k4', () => new Promise((resolve) => setTimeout(() => resolve(201), leaseMs * 1.3)));
    assert.equal(await notes(), 4);
  } finally {
    await library.close();
  }
}
