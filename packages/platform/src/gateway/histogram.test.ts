// The ruler against a twin that sorts every sample: never more than 7 % off.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import fc from 'fast-check';
import { createHistogram } from './histogram.ts';

test('quantiles against sorted samples', () => {
  const samples = fc.array(fc.double({ min: 0.02, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  const property = fc.property(samples, fc.constantFrom(0.5, 0.9, 0.99, 1), (values, q) => {
    const histogram = createHistogram();
    for (const value of values) histogram.add(value);
    const sorted = [...values].sort((a, b) => a - b);
    const exact = sorted[Math.ceil(values.length * q) - 1]!;
    const off = Math.abs(histogram.quantile(q) - exact) / exact;
    assert.ok(off <= 0.07, `${histogram.quantile(q)} for ${exact}`);
  });
  fc.assert(property, { seed: 25, numRuns: tries(100, 1_000) });
});

test('an empty ruler says 0; two turns forget', () => {
  const histogram = createHistogram();
  assert.equal(histogram.quantile(0.5), 0);
  histogram.add(5);
  histogram.turn();
  assert.ok(histogram.quantile(0.5) > 4);
  histogram.turn();
  assert.equal(histogram.quantile(0.5), 0);
});
