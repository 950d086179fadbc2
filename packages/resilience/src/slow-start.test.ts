// The ramp at its corners.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rampShare } from './slow-start.ts';

test('from the floor to the whole', () => {
  const options = { rampMs: 1000, floor: 0.1 };
  const table: readonly [number, number][] = [
    [0, 0.1],
    [50, 0.1],
    [500, 0.5],
    [1000, 1],
    [5000, 1],
  ];
  for (const [ageMs, share] of table) assert.equal(rampShare(ageMs, options), share);
  assert.equal(rampShare(0, { rampMs: 0, floor: 0.1 }), 1);
});
