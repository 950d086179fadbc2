// The signpost: which table is believed, where newcomers are led, who must go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatabaseEndpoints, DatabaseNode } from '../endpoint-table.ts';
import { replicaId } from '../names.ts';
import { choose, follow, mayStay, noWay } from './way.ts';

const node = (ordinal: number): DatabaseNode => ({
  replica: replicaId('db', ordinal),
  address: '127.0.0.1',
  port: 5000 + ordinal,
});
const told = (term: number, primary: number | undefined, ...readers: number[]): DatabaseEndpoints => ({
  ...{ name: 'db', term, primary: primary === undefined ? undefined : node(primary), readers: readers.map(node) },
});
const nobody = { load: () => 0, rests: () => false };

test('a term never goes back; the same term may lose its primary', () => {
  const first = follow(noWay, told(3, 0, 1, 2));
  assert.equal(follow(first, told(2, 1)), first);
  assert.equal(follow(first, undefined), first);
  assert.equal(follow(first, told(3, undefined)).primary, undefined);
  assert.deepEqual(follow(first, told(4, 1)).primary, node(1));
});

test('writers go to the primary or wait; readers go where fewest are, past who rests, to the primary at last', () => {
  const way = follow(noWay, told(1, 0, 1, 2));
  assert.deepEqual(choose(way, 'write', nobody), node(0));
  assert.equal(choose(follow(way, told(2, undefined, 1)), 'write', nobody), undefined);
  const load = (at: DatabaseNode) => (at.port === 5001 ? 3 : 1);
  assert.deepEqual(choose(way, 'read', { load, rests: () => false }), node(2));
  assert.deepEqual(choose(way, 'read', { load, rests: (at) => at.port === 5002 }), node(1));
  assert.deepEqual(choose(way, 'read', { load, rests: () => true }), node(0));
  assert.deepEqual(choose(follow(way, told(2, 0)), 'read', nobody), node(0));
  assert.equal(choose(noWay, 'read', nobody), undefined);
});

test('who may stay', () => {
  const guide = { node: node(0), term: 1 };
  const cases: readonly [DatabaseEndpoints, 'write' | 'read', boolean][] = [
    [told(1, 0, 1), 'write', true],
    [told(1, undefined, 1), 'write', false],
    [told(2, 1, 0), 'write', false],
    [told(2, 0), 'write', false],
    [told(2, 0), 'read', true],
    [told(2, 1, 0), 'read', true],
    [told(2, 1), 'read', false],
  ];
  for (const [table, purpose, stays] of cases)
    assert.equal(mayStay(follow(noWay, table), purpose, guide), stays, JSON.stringify([table, purpose]));
});
