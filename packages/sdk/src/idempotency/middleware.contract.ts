// What every middleware owes its users, said once: each framework brings a rig with the same routes, and the same questions are asked of
// all. Same key, same effect, same answer; what is refused is refused in the same words.
import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { pgStore } from '../pg.ts';
import { createIdempotency, type Idempotency } from './idempotency.ts';

export type ShopIdempotency = Idempotency<pg.PoolClient>;

/** What a rig's route for `POST /<act>` does, in its framework's own way. GET /plain answers `{"plain":true}`. */
export interface Act {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Serves `POST /:act` by `run(act, body)`: a rejection is thrown as the framework's users throw. Gives the listening server. */
export type Rig = (idempotency: ShopIdempotency, run: (act: string, body: unknown) => Promise<Act>) => Promise<Server>;

export interface TestContext {
  after(fn: () => void | Promise<void>): void;
  test(name: string, fn: (t: TestContext) => Promise<void>): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly code: string | undefined;
  readonly headers: Headers;
}

interface World {
  ask(path: string, key: string | undefined, body?: unknown): Promise<Reply>;
  plain(): Promise<Reply>;
  effects(): Promise<number>;
  /** Lets the handlers of `/slow` go on. */
  readonly gate: { open(): void };
  readonly begun: { count: number };
  cutBackends(): Promise<void>;
}

export async function checkMiddleware(t: TestContext, rig: Rig, url: string): Promise<void> {
  const world = await openWorld(t, rig, url);
  await t.test('the same again gets the same answer, and its effect is there once', () => repeats(world));
  await t.test('a payload is the same whatever the order of its fields', () => canonical(world));
  await t.test('no key, a key that is none, another payload', () => refusals(world));
  await t.test('in progress is 409, another payload 422 even then', () => inProgress(world));
  await t.test('a handler that fails is undone and may be asked again', () => failures(world));
  await t.test('an answer that is too large is undone', () => tooLarge(world));
  await t.test('a connection lost in the middle is undone and said', () => cut(world));
  await t.test('other methods pass untouched', async () => {
    assert.deepEqual([(await world.plain()).status, (await world.plain()).text], [200, '{"plain":true}']);
  });
}

async function repeats(world: World): Promise<void> {
  const first = await world.ask('/order', 'r1', { sku: 'tea' });
  const again = await world.ask('/order', 'r1', { sku: 'tea' });
  assert.deepEqual([first.status, again.status, again.text], [201, 201, first.text]);
  assert.match(first.text, /^\{"n":\d+,"sku":"tea"\}$/);
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.deepEqual([first.headers.get('location'), again.headers.get('location')], ['/orders/r1', '/orders/r1']);
  assert.match(again.headers.get('content-type') ?? '', /^application\/json/);
  assert.deepEqual([first.headers.get('set-cookie'), again.headers.get('set-cookie')], ['seen=1', null]);
  assert.equal(await world.effects(), 1);
  const refused = await world.ask('/refuse', 'r2', {});
  const refusedAgain = await world.ask('/refuse', 'r2', {});
  assert.deepEqual([refused.status, refusedAgain.status, refusedAgain.text], [404, 404, refused.text]);
  assert.equal(await world.effects(), 2, 'a refusal is an answer: what belongs to it is kept');
}

async function canonical(world: World): Promise<void> {
  const first = await world.ask('/order', 'c1', { sku: 'tea', more: { a: 1, b: 2 } });
  const again = await world.ask('/order', 'c1', { more: { b: 2, a: 1 }, sku: 'tea' });
  assert.deepEqual([again.status, again.text], [201, first.text]);
}

async function refusals(world: World): Promise<void> {
  const cases: readonly [string | undefined, number, string][] = [
    [undefined, 400, 'HALE_SDK_KEY_MISSING'],
    ['', 400, 'HALE_SDK_KEY_INVALID'],
    ['two, keys', 400, 'HALE_SDK_KEY_INVALID'],
    ['k'.repeat(256), 400, 'HALE_SDK_KEY_INVALID'],
    ['r1', 422, 'HALE_SDK_KEY_REUSED'],
  ];
  for (const [key, status, code] of cases) {
    const reply = await world.ask('/order', key, { sku: 'coffee' });
    assert.deepEqual([reply.status, reply.code], [status, code]);
    assert.match(reply.headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.match(reply.text, /"hint":"/);
  }
  assert.equal((await world.ask('/refuse', 'r1', { sku: 'tea' })).status, 422, 'the path is part of the request');
}

async function inProgress(world: World): Promise<void> {
  const before = world.begun.count;
  const first = world.ask('/slow', 'p1', { sku: 'tea' });
  await until(() => world.begun.count > before);
  const same = await world.ask('/slow', 'p1', { sku: 'tea' });
  assert.deepEqual([same.status, same.code, same.headers.get('retry-after')], [409, 'HALE_SDK_KEY_IN_PROGRESS', '1']);
  const others = await Promise.all([1, 2, 3].map(() => world.ask('/slow', 'p1', { sku: 'coffee' })));
  assert.deepEqual(
    others.map((other) => [other.status, other.code]),
    others.map(() => [422, 'HALE_SDK_KEY_REUSED']),
  );
  world.gate.open();
  const answer = await first;
  const again = await world.ask('/slow', 'p1', { sku: 'tea' });
  assert.deepEqual([answer.status, again.status, again.text], [201, 201, answer.text]);
}

async function failures(world: World): Promise<void> {
  const before = await world.effects();
  const thrown = await world.ask('/throw', 'f1', {});
  const failed = await world.ask('/unavailable', 'f2', {});
  assert.deepEqual([thrown.status, failed.status, await world.effects()], [500, 503, before]);
  assert.equal((await world.ask('/throw', 'f1', {})).headers.get('idempotency-replayed'), null);
  assert.equal((await world.ask('/order', 'f2', { sku: 'tea' })).status, 201, 'the key is free');
}

async function tooLarge(world: World): Promise<void> {
  const before = await world.effects();
  const reply = await world.ask('/big', 'b1', {});
  assert.deepEqual([reply.status, reply.code], [500, 'HALE_SDK_KEY_ANSWER_TOO_LARGE']);
  assert.equal(await world.effects(), before);
}

async function cut(world: World): Promise<void> {
  const before = await world.effects();
  const begun = world.begun.count;
  const first = world.ask('/slow', 'x1', {});
  await until(() => world.begun.count > begun);
  await world.cutBackends();
  world.gate.open();
  const reply = await first;
  assert.deepEqual([reply.status, reply.code], [503, 'HALE_SDK_KEY_WORK_UNDONE']);
  assert.equal(await world.effects(), before);
  const again = world.ask('/slow', 'x1', {});
  await until(() => world.begun.count > begun + 1);
  world.gate.open();
  assert.equal((await again).status, 201);
}

async function openWorld(t: TestContext, rig: Rig, url: string): Promise<World> {
  const pool = new pg.Pool({ connectionString: url, max: 12 });
  pool.on('error', () => {});
  await pool.query('create table if not exists effects (n serial primary key, what text not null)');
  await pool.query('truncate effects; drop table if exists hale_idempotency');
  const idempotency = createIdempotency({
    store: pgStore<pg.PoolClient>(pool, { leaseMs: 1_000 }),
    waitMs: 0,
    answerBytesMax: 10_000,
  });
  const begun = { count: 0 };
  let opened = Promise.withResolvers<void>();
  const server = await rig(idempotency, async (act, body) => {
    const { tx, key } = idempotency.context();
    const { rows } = await tx.query('insert into effects (what) values ($1) returning n', [act]);
    begun.count++;
    if (act === 'slow') await opened.promise;
    if (act === 'throw') throw new Error('on purpose');
    const status = act === 'refuse' ? 404 : act === 'unavailable' ? 503 : 201;
    const sku = (body as { sku?: string }).sku;
    const text = act === 'big' ? 'x'.repeat(20_000) : JSON.stringify({ n: rows[0].n, sku });
    return {
      status,
      headers: { 'content-type': 'application/json', location: `/orders/${key}`, 'set-cookie': 'seen=1' },
      body: text,
    };
  });
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await pool.end();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const read = async (answer: Response): Promise<Reply> => {
    const text = await answer.text();
    const { headers, status } = answer;
    const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true;
    return { status, text, headers, code: isProblem ? (JSON.parse(text) as { code: string }).code : undefined };
  };
  return {
    begun,
    gate: {
      open() {
        opened.resolve();
        opened = Promise.withResolvers<void>();
      },
    },
    ask: async (path, key, body = {}) =>
      read(
        await fetch(base + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
          body: JSON.stringify(body),
        }),
      ),
    plain: async () => read(await fetch(`${base}/plain`)),
    effects: async () => (await pool.query('select count(*)::int as n from effects')).rows[0].n,
    cutBackends: async () => {
      await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and pid <> pg_backend_pid()`,
      );
    },
  };
}

async function until(seen: () => boolean): Promise<void> {
  for (let look = 0; !seen(); look++) {
    assert.ok(look < 1_000, 'it does not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
