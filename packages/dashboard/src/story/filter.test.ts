// Finding replicas by words, and giving each unit its colour.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplicaId, ReplicaView } from '@hale/model';
import { hueOf } from './colour.ts';
import { matching } from './filter.ts';

const replica = (name: string, zone: string, phase: ReplicaView['phase'] = 'serving'): ReplicaView => ({
  replica: name as ReplicaId,
  unit: name.split('/')[0] ?? '',
  incarnation: undefined,
  pid: 4_000,
  port: undefined,
  zone,
  phase,
  rotation: 'in',
  why: 'ready probe passes',
  restarts: 0,
  startedAt: undefined,
  cpuRatio: undefined,
  rssBytes: undefined,
  loopLagMs: undefined,
  release: 1,
});
const all = [replica('orders/0', 'a'), replica('orders/1', 'b', 'sick'), replica('payments/0', 'b')];
const check = (words: string, found: string) =>
  assert.equal(
    matching(all, words)
      .map((one) => one.replica)
      .join(' '),
    found,
  );

test('by name', () => check('ORDERS', 'orders/0 orders/1'));
test('by words that stand side by side', () => check('zone  b', 'orders/1 payments/0'));
test('by words that do not', () => check('sick orders', 'orders/1'));
test('by pid', () => check('4000', 'orders/0 orders/1 payments/0'));
test('nothing found', () => check('storefront', ''));
test('no words: the very same list', () => assert.equal(matching(all, '  '), all));

test('one colour per unit, whatever the order they come in', () => {
  const hues = hueOf(['b', 'a', 'c']);
  assert.deepEqual([...hues].sort(), [...hueOf(['c', 'b', 'a'])].sort());
  assert.equal(new Set(hues.values()).size, 3);
});
