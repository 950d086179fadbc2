// What was promised beside what was measured: a table.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { weighPromise } from './promise.ts';

const both = { availability: 99.9, p99Ms: 300 };
const kept = { objective: 99.9, measured: 100, met: true };
const unknown = { measured: null, met: null };

const cases: [title: string, ...Parameters<typeof weighPromise>, expected: ReturnType<typeof weighPromise>][] = [
  ['nothing promised', { availability: undefined, p99Ms: undefined }, { requests: 1, failed: 1, p99Ms: 1 }, undefined],
  [
    'kept',
    both,
    { requests: 1000, failed: 0, p99Ms: 300 },
    { availability: kept, p99Ms: { objective: 300, measured: 300, met: true } },
  ],
  [
    'both broken',
    both,
    { requests: 1000, failed: 2, p99Ms: 301 },
    { availability: { ...kept, measured: 99.8, met: false }, p99Ms: { objective: 300, measured: 301, met: false } },
  ],
  [
    'never asked',
    both,
    undefined,
    { availability: { objective: 99.9, ...unknown }, p99Ms: { objective: 300, ...unknown } },
  ],
  [
    'not asked lately',
    both,
    { requests: 5, failed: 0, p99Ms: 0 },
    { availability: kept, p99Ms: { objective: 300, ...unknown } },
  ],
  [
    'only one is promised',
    { availability: 99.9, p99Ms: undefined },
    { requests: 5, failed: 0, p99Ms: 9 },
    { availability: kept },
  ],
];

describe('promise', () => {
  for (const [title, slo, seen, expected] of cases)
    it(title, () => assert.deepEqual(weighPromise(slo, seen), expected));
});
