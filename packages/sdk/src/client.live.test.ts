// Patience: a call ends in time, whoever is slow, and what is called in between waits no longer than the first caller.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { patienceHeader } from '@hale/resilience';
import { createService, type Service } from './service.ts';

function makeService(env: Record<string, string> = {}): Service {
  return createService('it', { port: 0, host: '127.0.0.1', signals: false, env });
}

test('a call that is not answered ends with its time, and names it', async (t) => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const caller = makeService({ HALE_URL_SLOW: url });
  await assert.rejects(caller.client('slow').fetch('/', { timeoutMs: 80 }), { code: 'HALE_SDK_CALL_TIMEOUT' });
  const left = new AbortController();
  const call = caller.client('slow').fetch('/', { signal: left.signal });
  left.abort(new Error('the user left'));
  await assert.rejects(call, { message: 'the user left' });
  await caller.drain();
});

test('an answer that has begun may take longer than one try, but not than the call', async () => {
  const drip = makeService();
  const { port } = await drip.listen((req, res) => {
    res.write('a');
    if (req.url === '/slow') setTimeout(() => res.end('b'), 200);
  });
  const caller = makeService({ HALE_URL_DRIP: `http://127.0.0.1:${port}` });
  const slow = await caller.client('drip').fetch('/slow', { tryTimeoutMs: 100 });
  assert.equal(await slow.text(), 'ab');
  // Time enough for it to begin, whatever else goes on: only then does the reading of it end.
  const never = await caller.client('drip').fetch('/never', { timeoutMs: 1_500 });
  await assert.rejects(never.text(), { name: 'TimeoutError' });
  await Promise.all([caller.drain(), drip.drain()]);
});

test('patience travels: the second call is told less than the first caller will wait', async () => {
  let told = 0;
  const last = makeService();
  const { port } = await last.listen((req, res) => {
    told = Number(req.headers[patienceHeader]);
    res.end();
  });
  const middle = makeService({ HALE_URL_LAST: `http://127.0.0.1:${port}` });
  const { port: middlePort } = await middle.listen(async (req, res) => {
    // Patience is about the beginning of an answer: one that streams may take its time.
    if (req.url === '/stream') res.write('begun');
    await middle.client('last').fetch('/', { timeoutMs: 60_000, tryTimeoutMs: 60_000 });
    res.end();
  });
  const first = makeService({ HALE_URL_MIDDLE: `http://127.0.0.1:${middlePort}` });
  const reply = await first.client('middle').fetch('/', { timeoutMs: 2_000, tryTimeoutMs: 2_000 });
  await reply.discard();
  assert.ok(told > 0 && told <= 2_000, `it was told ${told} ms`);
  await (await first.client('middle').fetch('/stream', { tryTimeoutMs: 2_000 })).discard();
  assert.ok(told > 2_000, 'an answer that has begun is bounded by nobody waiting for its beginning');
  told = 0;
  const untold = await fetch(`http://127.0.0.1:${middlePort}/`);
  assert.equal(untold.status, 200);
  assert.ok(told > 2_000, 'a caller that says nothing binds nobody');
  await Promise.all([first.drain(), middle.drain(), last.drain()]);
});
