// Every program of the shop runs alone, in any language, and behaves when what it needs is away.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { crowdAt } from './crowd.ts';
import { freePort, startProgram, startService } from './programs.ts';

const line = JSON.stringify({ sku: 'tea', quantity: 2 });
const json = { 'content-type': 'application/json' };

test('pricing prices, takes a crowd without a failure, and leaves politely', async (t) => {
  const pricing = await startService(t, 'pricing.ts');
  assert.deepEqual(await (await fetch(`${pricing.url}/prices/tea`)).json(), { sku: 'tea', cents: 690 });
  const put = () =>
    fetch(`${pricing.url}/prices/quotes/q1`, { method: 'PUT', headers: json, body: `{"lines":[${line}]}` });
  const [first, again] = [await (await put()).json(), await (await put()).json()];
  assert.equal((first as { totalCents: number }).totalCents, 1_380);
  assert.deepEqual(again, first, 'the same question, the same quote');
  const bad = await fetch(`${pricing.url}/prices/quotes/q1`, { method: 'PUT', headers: json, body: '{"lines":7}' });
  assert.equal(bad.status, 400);

  const load = crowdAt(t, pricing.url, 50);
  await load.until((count) => count.ok >= 100);
  const result = await load.stop();
  assert.deepEqual([result.failed, result.severed, result.unsent, result.reasons], [0, 0, 0, []]);
  pricing.child.kill('SIGTERM');
  assert.deepEqual(await once(pricing.child, 'exit'), [0, null]);
});

test('the ledger tells refused from severed', async (t) => {
  const pricing = await startService(t, 'pricing.ts', { HALE_DRILL: '1' });
  const load = crowdAt(t, pricing.url, 100);
  await load.until((count) => count.ok >= 20);
  await fetch(`${pricing.url}/__drill/block?ms=60000`, { method: 'POST' });
  // More than are asked for below: the last of them may not have been sent yet.
  await load.until((count) => count.waiting >= 20);
  pricing.child.kill('SIGKILL');
  await load.until((count) => count.failed > 0);
  const result = await load.stop();
  assert.ok(result.severed >= 10, 'sent, and the other side died');
  assert.ok(result.failed > 0, 'refused');
});

test('orders without a database answers 503 with Retry-After and stays ready', async (t) => {
  const dead = `http://127.0.0.1:${await freePort()}`;
  const orders = await startService(t, 'orders.ts', {
    DATABASE_URL: `postgres://hale:secret@127.0.0.1:${await freePort()}/shop`,
    ...{ HALE_URL_INVENTORY: dead, HALE_URL_PAYMENTS: dead },
  });
  const answer = await fetch(`${orders.url}/orders/o1`, { method: 'PUT', headers: json, body: line });
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1']);
  assert.equal((await fetch(`${orders.url}/readyz`)).status, 200);
  const bad = await fetch(`${orders.url}/orders/o1`, { method: 'PUT', headers: json, body: '{"sku":7}' });
  assert.equal(bad.status, 400);
});

test('the storefront shows what it can while its neighbours are away', async (t) => {
  const inventory = await startService(t, 'inventory.mjs');
  const storefront = await startService(t, 'storefront.ts', {
    HALE_URL_INVENTORY: inventory.url,
    HALE_URL_PRICING: `http://127.0.0.1:${await freePort()}`,
  });
  const answer = await fetch(`${storefront.url}/products/tea`);
  const product = (await answer.json()) as Record<string, unknown>;
  assert.deepEqual([product['cents'], product['onShelf']], [690, 200], 'the list price stands in');
  assert.match(answer.headers.get('x-hale-degraded') ?? '', /pricing/);
  const health = (await (await fetch(`${storefront.url}/healthz`)).json()) as { status: string };
  assert.equal(health.status, 'degraded');
  assert.equal((await fetch(`${storefront.url}/products/nothing`)).status, 404);
  assert.equal(((await (await fetch(`${storefront.url}/catalog`)).json()) as unknown[]).length, 6);
});

test('the fault doors are closed unless asked for, and open one at a time', async (t) => {
  const closed = await startService(t, 'pricing.ts');
  assert.equal((await fetch(`${closed.url}/__drill/exit`, { method: 'POST' })).status, 404);
  const open = await startService(t, 'pricing.ts', { HALE_DRILL: '1' });
  assert.equal((await fetch(`${open.url}/__drill/badprobe`, { method: 'POST' })).status, 202);
  assert.equal((await fetch(`${open.url}/readyz`)).status, 503);
  assert.equal((await fetch(`${open.url}/__drill/badprobe?off`, { method: 'POST' })).status, 202);
  assert.equal((await fetch(`${open.url}/readyz`)).status, 200);
  assert.equal((await fetch(`${open.url}/__drill/leak?mb=1`, { method: 'POST' })).status, 202);
  assert.equal((await fetch(`${open.url}/__drill/nothing`, { method: 'POST' })).status, 404);
  assert.equal((await fetch(`${open.url}/__drill/exit?code=7`, { method: 'POST' })).status, 202);
  if (open.child.exitCode === null) await once(open.child, 'exit');
  assert.equal(open.child.exitCode, 7);
});

const tills = {
  'TypeScript, without the SDK': [process.execPath, 'services/payments.ts'],
  Python: ['python3', 'services/payments.py'],
};
for (const [language, argv] of Object.entries(tills)) {
  const maySkip = process.env['HALE_REQUIRE_REAL'] !== '1';
  const skip = maySkip && language === 'Python' && !hasPython() ? 'install python3 to run this' : false;
  test(`the till in ${language}`, { skip }, async (t) => {
    const till = await startProgram(t, argv);
    const body = JSON.stringify({ order: 'o1', cents: 200 });
    const answer = await fetch(`${till.url}/charge`, { method: 'POST', headers: { 'idempotency-key': 'k' }, body });
    assert.deepEqual(await answer.json(), { receipt: 'r-o1', order: 'o1', cents: 200 });
    assert.equal((await fetch(`${till.url}/elsewhere`, { method: 'POST', body })).status, 404);
  });
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
