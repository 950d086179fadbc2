// The crowd's instruments: a ruler checked against sorting, a ledger that keeps count, habits that follow the mix.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { createHistogram } from './histogram.ts';
import { createLedger } from './ledger.ts';
import { createRequests } from './plan.ts';

test('a quantile is within 4 % of the true one, over five powers of ten', () => {
  const rng = createRng(7);
  const samples = Array.from({ length: 5_000 }, () => 10 ** (rng.unit() * 5 - 1.5));
  const histogram = createHistogram();
  for (const sample of samples) histogram.record(sample);
  const sorted = samples.toSorted((a, b) => a - b);
  for (const share of [0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
    const truth = sorted[Math.ceil(share * sorted.length) - 1]!;
    const said = histogram.quantile(share);
    assert.ok(said >= truth * 0.999 && said <= truth * 1.04 + 0.01, `${share}: ${said} for ${truth}`);
  }
  assert.equal(histogram.count, 5_000);
  assert.equal(histogram.maxMs, sorted.at(-1));
});

test('an empty ruler says 0, and what is longer than the ruler counts as its end', () => {
  const histogram = createHistogram();
  assert.equal(histogram.quantile(0.99), 0);
  histogram.record(1e9);
  assert.equal(histogram.count, 1);
  assert.ok(histogram.quantile(0.5) > 100_000);
});

test('two rulers add up', () => {
  const one = createHistogram();
  const other = createHistogram();
  one.record(1);
  other.record(100);
  one.add(other);
  assert.deepEqual([one.count, one.maxMs], [2, 100]);
  assert.ok(one.quantile(1) >= 100);
});

test('the ledger counts every verdict, keeps the first failures and a bounded list of reasons', () => {
  const ledger = createLedger(2);
  for (let i = 0; i < 200; i++) ledger.settle('severed', { atMs: i, request: 'GET /', why: `reason ${i}` });
  ledger.settle('ok', { atMs: 0, request: 'GET /', why: 'status 200' });
  assert.deepEqual(ledger.counts, { ok: 1, failed: 0, severed: 200, unsent: 0 });
  assert.deepEqual([ledger.failures.length, ledger.reasons.size], [100, 50]);
  ledger.acknowledge('a');
  assert.equal(ledger.isFull, false);
  ledger.acknowledge('b');
  assert.equal(ledger.isFull, true);
});

test('the habits follow the mix, name every record, and repeat with their seed', () => {
  const plan = {
    words: { sku: ['tea', 'lamp'] },
    mixes: {
      drill: [
        { weight: 3, method: 'GET', path: '/prices/{sku}' },
        { weight: 1, method: 'PUT', path: '/orders/{id}', body: '{sku} {unknown}', keeps: true },
      ],
    },
  } as const;
  const draw = (mayKeep: boolean) => {
    const requests = createRequests(plan, { mix: 'drill', rng: createRng(1), runId: 'run' });
    return Array.from({ length: 4_000 }, () => requests.next(mayKeep));
  };
  const drawn = draw(true);
  const records = drawn.filter((request) => request.recordId !== undefined);
  assert.ok(records.length > 900 && records.length < 1_100);
  assert.equal(new Set(records.map((request) => request.recordId)).size, records.length);
  assert.ok(records.every((request) => request.path === `/orders/${request.recordId}`));
  assert.ok(records.every((request) => /^(tea|lamp) \{unknown\}$/.test(request.body ?? '')));
  assert.deepEqual(draw(true), drawn);
  assert.ok(
    draw(false).every((request) => request.method === 'GET'),
    'a full ledger keeps no more records',
  );
});
