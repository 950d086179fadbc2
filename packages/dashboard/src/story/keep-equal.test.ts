// Structural sharing: the result always equals what came, and every equal part is the old object.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keepEqual } from './keep-equal.ts';

test('equal values are the old object', () => {
  const old = { list: [{ replica: 'a/0', n: 1 }], at: { wall: 1 } };
  assert.equal(keepEqual(old, structuredClone(old)), old);
});

test('only what changed is new', () => {
  const old = {
    replicas: [
      { replica: 'a/0', n: 1 },
      { replica: 'a/1', n: 1 },
    ],
  };
  const next = keepEqual(old, {
    replicas: [
      { replica: 'a/0', n: 1 },
      { replica: 'a/1', n: 2 },
    ],
  });
  assert.notEqual(next, old);
  assert.equal(next.replicas[0], old.replicas[0]);
  assert.notEqual(next.replicas[1], old.replicas[1]);
});

test('items are matched by name when the list moves', () => {
  const old = [
    { replica: 'a/0', n: 1 },
    { replica: 'a/1', n: 1 },
  ];
  assert.equal(keepEqual(old, [{ replica: 'a/1', n: 1 }])[0], old[1]);
});

test('whatever came is what is kept', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (old, next) => {
      const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
      assert.deepEqual(keepEqual(wire(old), wire(next)), wire(next));
    }),
    { seed: 42, numRuns: 300 },
  );
});
