// What the counter accepts and what it hands back over it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDeclareRequest, parseFeedQuery, parseOrderRequest } from './api.ts';

const good: readonly unknown[] = [
  { kind: 'restart', unit: 'orders' },
  { kind: 'restart', unit: 'orders', replica: 'orders/0' },
  { kind: 'scale', unit: 'orders', replicas: 4 },
  { kind: 'drain', replica: 'orders/12' },
  { kind: 'undrain', replica: 'orders/12' },
  { kind: 'shutdown' },
  { kind: 'resume', unit: 'gateway' },
  { kind: 'acknowledge', incident: '01J0000000000000000000000' },
];

for (const order of good) {
  test(`accepts ${JSON.stringify(order)}`, () => {
    const { value, problems } = parseOrderRequest({ order });
    assert.deepEqual(problems, []);
    assert.deepEqual(JSON.parse(JSON.stringify(value)), { order });
  });
}

const bad: readonly (readonly [unknown, string])[] = [
  [undefined, ''],
  ['shutdown', ''],
  [{}, 'order'],
  [{ order: { kind: 'explode' } }, 'order.kind'],
  [{ order: { kind: 'scale', unit: 'orders', replicas: 0 } }, 'order.replicas'],
  [{ order: { kind: 'scale', unit: 'orders', replicas: 1e9 } }, 'order.replicas'],
  [{ order: { kind: 'drain', replica: '../../etc/0' } }, 'order.replica'],
  [{ order: { kind: 'restart', unit: 'Orders' } }, 'order.unit'],
  [{ order: { kind: 'shutdown' }, epoch: 9 }, ''],
];

for (const [body, path] of bad) {
  test(`refuses ${JSON.stringify(body)}`, () => {
    const { value, problems } = parseOrderRequest(body);
    assert.equal(value, undefined);
    assert.equal(problems[0]?.path, path);
    assert.match(problems[0]?.hint ?? '', /POST/);
  });
}

test('a release is a whole number from 1', () => {
  assert.deepEqual(parseDeclareRequest({ release: 2 }).value, { release: 2 });
  for (const release of [0, 1.5, '2', undefined]) assert.equal(parseDeclareRequest({ release }).value, undefined);
});

test('a feed query is text with bounds', () => {
  assert.deepEqual(parseFeedQuery({}).value, { after: 0, limit: 200 });
  assert.deepEqual(parseFeedQuery({ after: '7', limit: '50', x: '1' }).value, { after: 7, limit: 50 });
  assert.equal(parseFeedQuery({ limit: '100000' }).value, undefined);
  assert.equal(parseFeedQuery({ after: 'yesterday' }).value, undefined);
});
