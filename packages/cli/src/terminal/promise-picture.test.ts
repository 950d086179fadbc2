// What is said of a promise: kept, broken, or never put to the test.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PromiseView } from '@hale/model';
import { createPaint } from './paint.ts';
import { renderPromises } from './promise-picture.ts';

const style = { paint: createPaint(false), width: undefined, utcOffsetMinutes: 0 };
const cases: [title: string, promise: PromiseView, line: string][] = [
  [
    'almost all is not all',
    { availability: { objective: 99.9, measured: 99.9999, met: true } },
    'web  promise kept: answered 99.999 % (promised 99.9 %)',
  ],
  [
    'broken',
    { p99Ms: { objective: 300, measured: 412.7, met: false } },
    'web  promise broken: p99 413ms (promised 300ms)',
  ],
  [
    'nobody asked',
    { p99Ms: { objective: 300, measured: null, met: null } },
    'web  promise of p99 300ms: not measured, nobody asked',
  ],
];

describe('the picture of a promise', () => {
  for (const [title, promise, line] of cases) {
    it(title, () => assert.equal(renderPromises({ web: promise }, style)[0], line));
  }
  it('nothing promised, nothing said', () => assert.deepEqual(renderPromises({}, style), []));
});
