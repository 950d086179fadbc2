// Keyed requests against a real PostgreSQL: one effect a key, whatever is sent twice, broken in between, or stands still.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import pg from 'pg';
import { pgStore } from '../pg.ts';
import { createIdempotency } from './idempotency.ts';
import { nodeIdempotency } from './node-handler.ts';
import type { IdempotencyOptions } from './options.ts';
import { skipWithoutPostgres, startTestDatabase, type TestLike } from './testing/database.ts';

const skip = skipWithoutPostgres();

interface Shop {
  readonly pool: pg.Pool;
  /** Holds every handler between its effect and its answer, while set. */
  gate: Promise<void> | undefined;
  /** Stands in for a process that is stopped. */
  stall: (() => void) | undefined;
  /** Handlers that came as far as the gate: what they did so far is in their transaction. */
  reached: number;
  post(
    key: string | undefined,
    body: unknown,
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }>;
  effects(): Promise<number>;
}

async function openShop(
  t: TestLike,
  url: string,
  options: Partial<IdempotencyOptions<pg.PoolClient>> & { leaseMs?: number } = {},
): Promise<Shop> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on('error', () => {});
  await pool.query('create table if not exists effects (n serial primary key, what text not null)');
  await pool.query('truncate effects');
  const idempotency = createIdempotency({
    store: pgStore<pg.PoolClient>(pool, { leaseMs: options.leaseMs ?? 1_000 }),
    waitMs: 0,
    ...options,
  });
  const server = createServer(
    nodeIdempotency(idempotency, async (_req, res, context) => {
      const { what, status = 201 } = JSON.parse(Buffer.from(context!.body).toString()) as {
        what: string;
        status?: number;
      };
      const { rows } = await context!.tx.query('insert into effects (what) values ($1) returning n', [what]);
      shop.reached++;
      shop.stall?.();
      await shop.gate;
      res.writeHead(status, { 'content-type': 'application/json', 'x-private': 'p' });
      res.write('{"n":');
      res.end(`${rows[0].n}}`);
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await pool.end();
  });
  const { port } = server.address() as AddressInfo;
  const shop: Shop = {
    pool,
    gate: undefined,
    stall: undefined,
    reached: 0,
    async post(key, body) {
      const answer = await fetch(`http://127.0.0.1:${port}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown>, headers: answer.headers };
    },
    async effects() {
      const { rows } = await pool.query('select count(*)::int as count from effects');
      return rows[0].count;
    },
  };
  return shop;
}

async function until(seen: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; !(await seen()); look++) {
    assert.ok(look < 500, 'it does not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a keyed request happens once, and everything else is said', { skip }, async (t) => {
  const database = await startTestDatabase(t);
  const { url } = database;
  await t.test('the same again is the same answer', async (t) => {
    const shop = await openShop(t, url);
    const first = await shop.post('k1', { what: 'tea' });
    assert.deepEqual([first.status, first.headers.get('idempotency-replayed')], [201, null]);
    const again = await shop.post('"k1"', { what: 'tea' });
    assert.deepEqual([again.status, again.body, again.headers.get('idempotency-replayed')], [201, first.body, 'true']);
    assert.equal(again.headers.get('x-private'), null);
    assert.equal(await shop.effects(), 1);
    const other = await shop.post('k1', { what: 'coffee' });
    assert.deepEqual([other.status, other.body['code']], [422, 'HALE_SDK_KEY_REUSED']);
    const none = await shop.post(undefined, { what: 'tea' });
    assert.deepEqual([none.status, none.body['code']], [400, 'HALE_SDK_KEY_MISSING']);
    const long = await shop.post('k'.repeat(256), { what: 'tea' });
    assert.deepEqual([long.status, long.body['code']], [400, 'HALE_SDK_KEY_INVALID']);
    assert.equal(await shop.effects(), 1);
  });
  await t.test('in progress: 409, and 422 wins over it', async (t) => {
    const shop = await openShop(t, url);
    const gate = Promise.withResolvers<void>();
    shop.gate = gate.promise;
    const first = shop.post('k2', { what: 'tea' });
    await until(() => shop.reached === 1);
    const same = await shop.post('k2', { what: 'tea' });
    assert.deepEqual(
      [same.status, same.body['code'], same.headers.get('retry-after')],
      [409, 'HALE_SDK_KEY_IN_PROGRESS', '1'],
    );
    const others = await Promise.all(['coffee', 'milk', 'coffee'].map((what) => shop.post('k2', { what })));
    assert.deepEqual(
      others.map((one) => one.status),
      [422, 422, 422],
    );
    gate.resolve();
    const answer = await first;
    assert.deepEqual((await shop.post('k2', { what: 'tea' })).body, answer.body);
    assert.equal(await shop.effects(), 1);
  });
  await t.test('what failed is undone and may be asked for again', async (t) => {
    const shop = await openShop(t, url);
    const failing = await shop.post('k3', { what: 'tea', status: 500 });
    assert.deepEqual([failing.status, await shop.effects()], [500, 0]);
    assert.equal((await shop.post('k3', { what: 'tea' })).status, 201);
    assert.equal(await shop.effects(), 1);
  });
  await t.test('a backend that is killed in the middle undoes all, and frees the key', async (t) => {
    const shop = await openShop(t, url);
    const gate = Promise.withResolvers<void>();
    shop.gate = gate.promise;
    const first = shop.post('k4', { what: 'tea' });
    await until(() => shop.reached === 1);
    await shop.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'`);
    gate.resolve();
    const answer = await first;
    assert.deepEqual([answer.status, answer.body['code']], [503, 'HALE_SDK_KEY_WORK_UNDONE']);
    assert.equal((await shop.post('k4', { what: 'tea' })).status, 201);
    assert.equal(await shop.effects(), 1);
  });
  await t.test('an owner that stands still past its lease has done nothing, and the key is free', async (t) => {
    const shop = await openShop(t, url, { leaseMs: 300 });
    shop.stall = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900);
    const answer = await shop.post('k5', { what: 'tea' });
    assert.deepEqual([answer.status, answer.body['code']], [503, 'HALE_SDK_KEY_WORK_UNDONE']);
    shop.stall = undefined;
    assert.equal((await shop.post('k5', { what: 'tea' })).status, 201);
    assert.equal(await shop.effects(), 1);
  });
  for (const [sent, status] of [
    [true, 201],
    [false, 503],
  ] as const) {
    await t.test(`a commit that ${sent ? 'arrived' : 'never arrived'}, unheard: it is found out`, async (t) => {
      const pool = new pg.Pool({ connectionString: url });
      let deaf = true;
      const store = pgStore({
        async connect() {
          const client = await pool.connect();
          return {
            on: (event: 'error' | 'notice', listener: (said: unknown) => void) => client.on(event as 'error', listener),
            release: (destroy?: boolean | Error) => client.release(destroy),
            async query(text: string) {
              if (text !== 'commit' || !deaf || !unheard) return client.query(text);
              deaf = false;
              if (sent) await client.query(text);
              throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
            },
          };
        },
      });
      let unheard = false;
      await pool.query(
        'create table if not exists effects (n serial primary key, what text not null); truncate effects',
      );
      const idempotency = createIdempotency({ store, scope: `unheard ${sent}` });
      const header = (name: string) => (name === 'idempotency-key' ? 'u1' : undefined);
      const answer = await idempotency.handle({ method: 'POST', url: '/', header, body: 'x' }, async ({ tx }) => {
        unheard = true;
        await tx.query(`insert into effects (what) values ('x')`);
        return { status: 201, headers: {}, body: Buffer.from('done') };
      });
      const { rows } = await pool.query('select count(*)::int as n from effects');
      assert.deepEqual([answer.status, rows[0].n], [status, sent ? 1 : 0]);
      t.after(() => pool.end());
    });
  }
  await t.test('many start at once, records end, and the swept are gone', async (t) => {
    const pool = new pg.Pool({ connectionString: url, max: 8 });
    t.after(() => pool.end());
    const stores = Array.from({ length: 8 }, () => pgStore(pool, { table: 'fresh_keys' }));
    await Promise.all(stores.map((store) => store.transact(async () => undefined, 1_000)));
    await pool.query(`insert into fresh_keys select decode(md5(n::text), 'hex'), 's', n::text, '\\x00', 200, '{}', '', now(),
      now() + case when n <= 30 then interval '-1 s' else interval '1 h' end from generate_series(1, 40) n`);
    assert.deepEqual([await stores[0]!.prune(20), await stores[1]!.prune(20), await stores[2]!.prune(20)], [20, 10, 0]);
  });
  await t.test('a database that is down: said, and no key is stuck', async (t) => {
    const shop = await openShop(t, url);
    const gate = Promise.withResolvers<void>();
    shop.gate = gate.promise;
    const first = shop.post('k6', { what: 'tea' });
    await until(() => shop.reached === 1);
    await database.kill();
    const refused = await shop.post('k7', { what: 'tea' });
    assert.deepEqual(
      [refused.status, refused.body['code'], refused.headers.get('retry-after')],
      [503, 'HALE_SDK_KEY_STORE_DOWN', '1'],
    );
    gate.resolve();
    const answer = await first;
    assert.deepEqual([answer.status, answer.body['code']], [503, 'HALE_SDK_KEY_WORK_UNDONE']);
    await database.start();
    assert.equal((await shop.post('k6', { what: 'tea' })).status, 201);
    assert.equal(await shop.effects(), 1);
  });
});
