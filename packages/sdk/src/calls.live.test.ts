// A call on its way, with real sockets: what it carries, what is repeated and where, what stands in for an answer that does not come.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type CallOptions, type ClientOptions, createClient } from './client.ts';
import type { Handler } from './listen.ts';
import { createService } from './service.ts';

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

async function serve(t: TestContext, handler: Handler, env: Record<string, string> = {}) {
  const service = createService('shop', { port: 0, host: '127.0.0.1', signals: false, drainMs: 500, env });
  const { port } = await service.listen(handler);
  t.after(() => service.drain());
  return { service, url: `http://127.0.0.1:${port}` };
}

const refusing = (why: string): RequestListener => {
  return (req, res) => {
    req.resume();
    res.writeHead(503, { 'x-hale-refused': why }).end('{}');
  };
};

test('work that was not begun goes elsewhere, whatever the method; an open breaker below ends it', async (t) => {
  const good = await replica(t, (_req, res) => res.end('done'));
  for (const why of ['shed', 'draining', 'limit']) {
    const client = clientOf(t, [await replica(t, refusing(why)), good]);
    for (let i = 0; i < 6; i++) {
      const reply = await client.fetch('/', { json: { i } });
      assert.deepEqual([reply.status, await reply.text()], [200, 'done'], why);
    }
  }
  for (const why of ['open', 'retries']) {
    let asked = 0;
    const counting: RequestListener = (req, res) => {
      asked++;
      refusing(why)(req, res);
    };
    const client = clientOf(t, [await replica(t, counting), await replica(t, counting)]);
    const reply = await client.fetch('/');
    assert.deepEqual([reply.status, asked], [503, 1], `${why}: nobody above tries again`);
  }
});

test('the addresses may come from the environment; wrong ones are named at once', async (t) => {
  const good = await replica(t, (_req, res) => res.end('done'));
  const client = createClient({ service: 'pay', env: { HALE_ENDPOINTS_PAY: `${good}, ${good}/` } });
  t.after(() => client.close());
  assert.equal(await (await client.fetch('x')).text(), 'done');
  const wrong: ClientOptions[] = [
    { endpoints: [] },
    { endpoints: ['10.0.0.1:80'] },
    { endpoints: ['http://h/path'] },
    { endpoints: ['ftp://h'] },
    { endpoints: ['http://u:p@h'] },
    { timeoutMs: -1 },
    { tryTimeoutMs: Number.NaN },
    { triesMax: 0 },
    { connectionsMax: Number.POSITIVE_INFINITY },
  ];
  for (const options of wrong)
    assert.throws(
      () => createClient({ service: 'pay', env: {}, ...options }),
      { code: 'HALE_SDK_CLIENT_INVALID' },
      JSON.stringify(options),
    );
  assert.throws(() => client.update({ triesMax: 99 }), { code: 'HALE_SDK_CLIENT_INVALID' });
  const calls: [string, CallOptions][] = [
    ['/', { idempotencyKey: 'k'.repeat(256) }],
    ['/', { idempotencyKey: 'a\r\nb' }],
    ['/\r\nx', {}],
    ['/', { headers: { 'x-a': 'a\nb' } }],
    ['/', { method: 'GET IT' }],
  ];
  for (const [path, options] of calls)
    await assert.rejects(client.fetch(path, options), { code: 'HALE_SDK_CLIENT_INVALID' }, JSON.stringify(options));
  assert.equal(await (await client.fetch('/')).text(), 'done', 'and it goes on');
});

test('an unknown service is named at once, with those that are known', () => {
  const env = { HALE_REPLICA: 'shop/0', HALE_URL_PAYMENTS: 'http://h', HALE_URL_STOCK_EU: 'http://h' };
  const service = createService('shop', { signals: false, env });
  assert.throws(() => service.client('payment'), {
    code: 'HALE_SDK_SERVICE_UNKNOWN',
    message: "shop uses no service 'payment' (it uses: payments, stock-eu); did you mean 'payments'?",
  });
  service.client('stock-eu');
  service.client('outside', { endpoints: ['http://10.0.0.1:80'] });
});

test('what is carried: the tray is passed on, user options win, only a deadline never loosens', async (t) => {
  let seen: IncomingHttpHeaders = {};
  const last = await replica(t, (req, res) => {
    seen = req.headers;
    res.end();
  });
  let options: CallOptions = {};
  const middle = await serve(
    t,
    async (_req, res) => {
      await middle.service.client('last').fetch('/x', options);
      res.end();
    },
    { HALE_URL_LAST: last },
  );
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const headers = {
    ...{ 'x-hale-timeout-ms': '1000', 'x-hale-priority': 'sheddable', 'x-hale-retries-left': '2' },
    ...{ 'idempotency-key': 'order-1', traceparent: trace, tracestate: 'a=b', baggage: 'user=7' },
  };
  const send = async (with_: CallOptions) => {
    options = with_;
    await fetch(middle.url, { headers });
    return seen;
  };
  const plain = await send({});
  assert.ok(Number(plain['x-hale-timeout-ms']) <= 1_000);
  assert.deepEqual(
    [plain['x-hale-priority'], plain['tracestate'], plain['baggage'], plain['idempotency-key']],
    ['sheddable', 'a=b', 'user=7', undefined],
  );
  assert.ok(Number(plain['x-hale-retries-left']) <= 2);
  const span = String(plain['traceparent']);
  assert.equal(span.slice(0, 36), trace.slice(0, 36), 'the same trace');
  assert.notEqual(span.slice(36, 52), trace.slice(36, 52), 'another span');

  const own = await send({
    ...{ priority: 'critical', timeoutMs: 60_000, idempotencyKey: 'mine' },
    headers: { Baggage: 'user=8', 'X-Hale-Timeout-Ms': '99999999' },
  });
  assert.deepEqual([own['x-hale-priority'], own['baggage'], own['idempotency-key']], ['critical', 'user=8', 'mine']);
  assert.ok(Number(own['x-hale-timeout-ms']) <= 1_000, 'a deadline only tightens');

  const auto = await send({ method: 'POST', idempotencyKey: 'auto' });
  const again = await send({ method: 'POST', idempotencyKey: 'auto' });
  assert.match(String(auto['idempotency-key']), /^hale-[\w-]{43}$/);
  assert.equal(auto['idempotency-key'], again['idempotency-key'], 'the same when the request is worked on again');
});

test('auto keys: two calls of one place are two, and there is none without a key above', async (t) => {
  const keys: (string | undefined)[] = [];
  const last = await replica(t, (req, res) => {
    keys.push(req.headers['idempotency-key'] as string | undefined);
    res.end();
  });
  const middle = await serve(
    t,
    async (_req, res) => {
      const client = middle.service.client('last');
      for (let i = 0; i < 2; i++) await client.fetch('/charge', { json: {}, idempotencyKey: 'auto' });
      res.end();
    },
    { HALE_URL_LAST: last },
  );
  await fetch(middle.url, { headers: { 'idempotency-key': 'k' } });
  assert.equal(new Set(keys).size, 2);
  keys.length = 0;
  await fetch(middle.url);
  assert.deepEqual(keys, [undefined, undefined]);
});

test('a fallback answers, and everybody can see it, until the service is back', async (t) => {
  let isDown = true;
  const prices = await replica(t, (_req, res) => res.writeHead(isDown ? 500 : 200).end('{"cents":5}'));
  const shop = await serve(
    t,
    async (_req, res) => {
      const reply = await shop.service
        .client('prices', { fallback: (_error, call) => ({ json: { cents: 0, of: call.path } }) })
        .fetch('/p/1');
      res.end(JSON.stringify({ from: reply.from, degraded: reply.degraded, body: await reply.json() }));
    },
    { HALE_URL_PRICES: prices },
  );
  const front = await serve(
    t,
    async (_req, res) => {
      const reply = await front.service.client('shop').fetch('/');
      res.end(await reply.text());
    },
    { HALE_URL_SHOP: shop.url },
  );
  const answer = await fetch(front.url);
  assert.deepEqual(await answer.json(), { from: 'fallback', degraded: 'prices', body: { cents: 0, of: '/p/1' } });
  assert.equal(answer.headers.get('x-hale-degraded'), 'prices', 'said to the end of the chain');
  const health = await fetch(`${shop.url}/healthz`);
  const said = (await health.json()) as { status: string; degraded: { name: string; cause: string; since: string }[] };
  assert.deepEqual([health.status, said.status, said.degraded[0]?.name], [200, 'degraded', 'prices']);
  assert.match(said.degraded[0]?.cause ?? '', /answered 500/);
  isDown = false;
  const back = await fetch(front.url);
  assert.deepEqual(await back.json(), { from: 'front', body: { cents: 5 } });
  assert.equal(back.headers.get('x-hale-degraded'), null);
  assert.deepEqual(await (await fetch(`${shop.url}/healthz`)).json(), { status: 'ok', checks: {} });
});

test('large answers: paused until read, whole or in pieces, bounded, thrown away', async (t) => {
  const size = 3_000_000;
  const url = await replica(t, (_req, res) => res.end(Buffer.alloc(size, 'x')));
  const client = clientOf(t, [url], { connectionsMax: 2 });
  assert.equal((await (await client.fetch('/')).bytes()).length, size);
  let seen = 0;
  for await (const chunk of (await client.fetch('/')).body) seen += (chunk as Buffer).length;
  assert.equal(seen, size);
  await (await client.fetch('/')).discard();
  client.update({ answerBytesMax: 1_000_000 });
  await assert.rejects((await client.fetch('/')).text(), { code: 'HALE_SDK_ANSWER_TOO_LARGE' });
  const twice = await client.fetch('/');
  await twice.discard();
  await assert.rejects(twice.text(), TypeError);
  // Time enough for it to begin, whatever else goes on: three megabytes are made and sent by this very process.
  const unread = await client.fetch('/', { timeoutMs: 1_500 });
  await new Promise((resolve) => setTimeout(resolve, 1_550));
  await assert.rejects(unread.text(), { name: 'TimeoutError' });
});

test('a purse that was closed below is told above, so that nobody there tries again', async (t) => {
  const last = await replica(t, refusing('retries'));
  const middle = await serve(
    t,
    async (_req, res) => {
      const reply = await middle.service.client('last').fetch('/');
      res.writeHead(reply.status).end();
    },
    { HALE_URL_LAST: last },
  );
  const answer = await fetch(middle.url, { headers: { 'x-hale-retries-left': '2' } });
  assert.deepEqual([answer.status, answer.headers.get('x-hale-retries-spent')], [503, '2']);
});
