// What stands between a client and its service, with real sockets: the breaker is about the service and not about one replica, room is
// limited, the late are called twice, and all of it changes while calls go on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type ClientOptions, createClient } from './client.ts';

async function replica(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(t: TestContext, endpoints: string[], options: ClientOptions = {}) {
  const client = createClient({ service: 'pay', endpoints, env: {}, ...options });
  t.after(() => client.close());
  return client;
}

test('a service that fails opens the breaker; then nobody is asked, and a fallback may answer', async (t) => {
  let asked = 0;
  const failing = await replica(t, (_req, res) => {
    asked++;
    res.writeHead(500).end();
  });
  const client = clientOf(t, [failing]);
  const opened: string[] = [];
  const stop = client.on((event) => event.kind === 'opened' && opened.push(event.why));
  for (let i = 0; i < 20; i++) await (await client.fetch('/')).discard();
  stop();
  assert.deepEqual([asked, client.snapshot().breaker?.kind, opened], [20, 'open', ['failures']]);
  await assert.rejects(client.fetch('/'), { code: 'HALE_SDK_CALL_REFUSED', retriable: true });
  assert.equal(asked, 20);
  client.update({ fallback: () => ({ body: 'cold dishes' }) });
  assert.equal(await (await client.fetch('/')).text(), 'cold dishes');
  client.update({ policy: { breaker: false } });
  assert.equal((await client.fetch('/')).from, 'fallback');
  assert.equal(asked, 21, 'without a breaker it is asked again');
});

test('one bad replica of two is no matter for the breaker', async (t) => {
  const bad = await replica(t, (_req, res) => res.writeHead(503).end());
  const good = await replica(t, (_req, res) => res.end('done'));
  const client = clientOf(t, [bad, good]);
  for (let i = 0; i < 60; i++) assert.equal(await (await client.fetch('/')).text(), 'done');
  const { breaker } = client.snapshot();
  assert.deepEqual([breaker?.kind, breaker?.failed], ['closed', 0]);
});

test('room is limited, more is made while calls go on, and impossible numbers change nothing', async (t) => {
  const held: (() => void)[] = [];
  const slow = await replica(t, (_req, res) => void held.push(() => res.end('done')));
  const client = clientOf(t, [slow], { policy: { bulkhead: { concurrentMax: 1, queueMax: 0 } } });
  const first = client.fetch('/');
  while (held.length === 0) await new Promise(setImmediate);
  await assert.rejects(client.fetch('/'), { code: 'HALE_SDK_CALL_REFUSED' });
  assert.throws(() => client.update({ policy: { bulkhead: { concurrentMax: -1 } } }), {
    code: 'HALE_RESILIENCE_SETTINGS',
  });
  await assert.rejects(client.fetch('/'), { code: 'HALE_SDK_CALL_REFUSED' });
  client.update({ policy: { bulkhead: { concurrentMax: 1, queueMax: 5 } } });
  const leaver = new AbortController();
  const queued = client.fetch('/', { signal: leaver.signal });
  leaver.abort(new Error('left the queue'));
  await assert.rejects(queued, { message: 'left the queue' });
  const second = client.fetch('/');
  held.shift()?.();
  assert.equal(await (await first).text(), 'done');
  while (held.length === 0) await new Promise(setImmediate);
  held.shift()?.();
  assert.equal(await (await second).text(), 'done');
});

test('the late are called twice, if what is asked is safe', async (t) => {
  const seen: string[] = [];
  let stuck = false;
  const answer: RequestListener = (req, res) => {
    seen.push(String(req.method));
    // The first of them to be asked now never answers.
    if (stuck) stuck = false;
    else res.end('done');
  };
  const client = clientOf(t, [await replica(t, answer), await replica(t, answer)], {
    // Forty calls put two second calls into the purse. None of the forty may need one: so late is none of them on any machine.
    policy: { hedge: { samplesMin: 10, extraLoad: 0.05, delayMinMs: 100 } },
  });
  for (let i = 0; i < 40; i++) await (await client.fetch('/')).text();
  seen.length = 0;
  stuck = true;
  assert.equal(await (await client.fetch('/')).text(), 'done');
  assert.equal(seen.length, 2);
  seen.length = 0;
  stuck = true;
  await assert.rejects(client.fetch('/', { json: {}, timeoutMs: 300 }), { code: 'HALE_SDK_CALL_TIMEOUT' });
  assert.deepEqual(seen, ['POST'], 'a POST is not asked twice');
});

test('a cache: asked once by many, kept while fresh, stale rather than nothing; what must not be kept is not', async (t) => {
  let asked = 0;
  let answer: { status: number; headers: Record<string, string> } = { status: 200, headers: {} };
  const url = await replica(t, (_req, res) => {
    const n = ++asked;
    setTimeout(() => res.writeHead(answer.status, answer.headers).end(`answer ${n}`), 20);
  });
  const client = clientOf(t, [url], { policy: { cache: { ttlMs: 60_000 } }, triesMax: 1 });
  const text = async (path: string, headers: Record<string, string> = {}) => {
    const reply = await client.fetch(path, { headers });
    return `${reply.status} ${await reply.text()}${reply.from === 'cache' ? ' (cache)' : ''}`;
  };
  const leaver = new AbortController();
  const left = client.fetch('/a', { signal: leaver.signal });
  const crowd = Promise.all([text('/a'), text('/a'), text('/a')]);
  leaver.abort(new Error('left'));
  await assert.rejects(left, { message: 'left' });
  assert.equal((await crowd).filter((one) => one.startsWith('200 answer 1')).length, 3);
  assert.deepEqual([await text('/a'), asked], ['200 answer 1 (cache)', 1]);
  assert.equal(await text('/a', { authorization: 'me' }), '200 answer 2', 'another question');
  answer = { status: 200, headers: { 'cache-control': 'private, max-age=9' } };
  assert.deepEqual([await text('/b'), await text('/b')], ['200 answer 3', '200 answer 4']);
  answer = { status: 404, headers: {} };
  assert.deepEqual([await text('/c'), await text('/c')], ['404 answer 5', '404 answer 6']);
  await assert.rejects(client.fetch('/d', { timeoutMs: 1 }), { code: 'HALE_SDK_CALL_TIMEOUT' });
  client.update({ policy: { cache: { ttlMs: 1, staleIfErrorMs: 60_000 } } });
  answer = { status: 500, headers: {} };
  assert.equal(await text('/a'), '200 answer 1 (cache)', 'stale rather than an error');
});

test('callers who leave say nothing about the service', async (t) => {
  const silent = await replica(t, () => undefined);
  const client = clientOf(t, [silent]);
  for (let i = 0; i < 30; i++) {
    const leaver = new AbortController();
    const call = client.fetch('/', { signal: leaver.signal });
    setImmediate(() => leaver.abort(new Error('left')));
    await assert.rejects(call, { message: 'left' });
  }
  assert.deepEqual([client.snapshot().breaker?.kind, client.snapshot().breaker?.failed], ['closed', 0]);
});
