// The porter with real sockets: what is turned away and how, what lies on the tray, who hears that the caller has gone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { currentCall } from './current-call.ts';
import { createFastifyService } from './fastify.ts';
import type { Handler } from './listen.ts';
import { createService } from './service.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: { error?: { code: string; message: string; hint: string } } & Record<string, unknown>;
}

function ask(port: number, headers: Record<string, string | string[]>, path = '/'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', path, headers, agent: false }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: JSON.parse(text) }));
    });
    call.on('error', reject).end();
  });
}

async function serve(
  t: { after(fn: () => Promise<unknown>): void },
  handler: Handler,
  env: Record<string, string> = {},
) {
  const service = createService('it', { port: 0, host: '127.0.0.1', signals: false, drainMs: 500, env });
  const { port } = await service.listen(handler);
  t.after(() => service.drain());
  return { service, port, url: `http://127.0.0.1:${port}` };
}

const tray: Handler = (_req, res) => {
  const call = currentCall();
  const remaining = call?.remainingMs() ?? -1;
  res.end(
    JSON.stringify({
      priority: call?.priority,
      key: call?.idempotencyKey,
      trace: call?.traceparent,
      state: call?.tracestate,
      baggage: call?.baggage,
      remaining: remaining === Number.POSITIVE_INFINITY ? 'any' : remaining > 0,
    }),
  );
};

test('what makes no sense is answered with 400 and named; what is telemetry is not', async (t) => {
  const { port } = await serve(t, tray);
  const wrong: [Record<string, string | string[]>, RegExp][] = [
    [{ 'x-hale-timeout-ms': '-1' }, /x-hale-timeout-ms says "-1"/],
    [{ 'x-hale-timeout-ms': 'NaN' }, /x-hale-timeout-ms/],
    [{ 'x-hale-timeout-ms': '1e3' }, /x-hale-timeout-ms/],
    [{ 'x-hale-timeout-ms': ['5', '10'] }, /x-hale-timeout-ms/],
    [{ 'x-hale-timeout-ms': '9'.repeat(4_000) }, /x-hale-timeout-ms/],
    [{ 'x-hale-retries-left': '-2' }, /x-hale-retries-left/],
    [{ 'idempotency-key': 'k'.repeat(256) }, /longer than 255/],
    [{ 'idempotency-key': '' }, /is empty/],
    [{ 'idempotency-key': 'schl\u00fcssel' }, /printable ASCII/],
  ];
  for (const [headers, message] of wrong) {
    const { status, body } = await ask(port, headers);
    assert.deepEqual([status, body.error?.code], [400, 'HALE_SDK_HEADER_INVALID'], JSON.stringify(headers));
    assert.match(body.error?.message ?? '', message);
    assert.ok((body.error?.message.length ?? 0) < 200, 'what came is not sent back whole');
  }
  const odd = {
    'x-hale-priority': 'urgent!',
    traceparent: `00-${'0'.repeat(32)}-0123456789abcdef-01`,
    tracestate: 'a=b',
    baggage: `x=${'y'.repeat(9_000)}`,
  };
  const { status, body } = await ask(port, odd);
  assert.deepEqual([status, body['priority'], body['remaining']], [200, 'normal', 'any']);
  assert.match(String(body['trace']), /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/, 'a broken trace is begun anew');
  assert.deepEqual([body['state'], body['baggage']], [undefined, undefined]);
});

test('what is said lies on the tray', async (t) => {
  const { port } = await serve(t, tray);
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const { body } = await ask(port, {
    ...{ 'x-hale-timeout-ms': '5000', 'x-hale-priority': 'critical', 'idempotency-key': '"o-1"' },
    ...{ traceparent: trace, tracestate: 'a=b', baggage: 'user=7' },
  });
  const expected = { priority: 'critical', key: '"o-1"', trace, state: 'a=b', baggage: 'user=7', remaining: true };
  assert.deepEqual(body, expected);
});

test('nobody waits any more: refused as not begun; probes and exempt paths are asked nothing', async (t) => {
  let begun = 0;
  const { port, service } = await serve(t, (_req, res) => {
    begun++;
    res.end('{}');
  });
  service.exempt('/metrics');
  const late = await ask(port, { 'x-hale-timeout-ms': '0' });
  assert.deepEqual(
    [late.status, late.headers['x-hale-refused'], late.body.error?.code, begun],
    [503, 'deadline', 'HALE_SDK_REFUSED_DEADLINE', 0],
  );
  assert.equal((await ask(port, { 'x-hale-timeout-ms': '-5' }, '/readyz')).status, 200);
  assert.equal((await ask(port, { 'x-hale-timeout-ms': '0' }, '/metrics?a=b')).status, 200);
  assert.equal(begun, 1);
});

test('the tray stays with a POST whose body comes late, under Fastify too', async (t) => {
  const { app, service, listen } = await createFastifyService('it', {
    ...{ port: 0, host: '127.0.0.1', signals: false, env: {} },
  });
  app.post('/', async () => ({ key: currentCall()?.idempotencyKey ?? 'lost' }));
  await listen();
  t.after(() => service.drain());
  const { port } = app.server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'k1' };
  const text = await new Promise<string>((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', method: 'POST', headers, agent: false }, (res) => {
      res.setEncoding('utf8').on('data', resolve);
    });
    call.on('error', reject);
    call.write('{"a":');
    setTimeout(() => call.end('1}'), 30);
  });
  assert.deepEqual(JSON.parse(text), { key: 'k1' });
});

test('a caller that leaves is heard three houses further', { timeout: 10_000 }, async (t) => {
  const heard = Promise.withResolvers<string>();
  let arrived = () => {};
  const reached = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const third = await serve(t, () => {
    const signal = currentCall()?.signal;
    signal?.addEventListener('abort', () => heard.resolve(signal.reason?.message));
    arrived();
  });
  const second = await serve(
    t,
    async (_req, res) => {
      await second.service
        .client('third')
        .fetch('/')
        .catch(() => undefined);
      res.destroy();
    },
    { HALE_URL_THIRD: third.url },
  );
  const first = await serve(
    t,
    async (_req, res) => {
      await first.service
        .client('second')
        .fetch('/')
        .catch(() => undefined);
      res.destroy();
    },
    { HALE_URL_SECOND: second.url },
  );
  const user = request({ port: first.port, host: '127.0.0.1', agent: false }).on('error', () => undefined);
  user.end();
  await reached;
  user.destroy();
  assert.equal(await heard.promise, 'the caller has gone');
});

test('after the answer nothing is bound: work that goes on in the background may call on', {
  timeout: 10_000,
}, async (t) => {
  const background = Promise.withResolvers<number>();
  const other = await serve(t, (_req, res) => res.end());
  const { service, port } = await serve(
    t,
    (_req, res) => {
      res.end('{}');
      res.once('close', () => {
        setTimeout(() => {
          const call = service.client('other').fetch('/');
          call.then((reply) => background.resolve(reply.status), background.reject);
        }, 60);
      });
    },
    { HALE_URL_OTHER: other.url },
  );
  await ask(port, { 'x-hale-timeout-ms': '40' });
  assert.equal(await background.promise, 200);
});

test('a handler of a server that is not at hand is guarded all the same', async (t) => {
  const service = createService('it', { port: 0, signals: false, env: {} });
  const server = createServer(service.handle(tray)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  assert.equal((await ask(port, { 'x-hale-timeout-ms': '-1' })).status, 400);
  assert.equal((await ask(port, { 'idempotency-key': 'k' })).body['key'], 'k');
});
