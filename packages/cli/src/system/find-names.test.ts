// Names as people type them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearest } from './find-names.ts';

const known = ['orders', 'payments', 'orders/0', 'orders/1', 'db'];
const cases: [typed: string, meant: string | undefined][] = [
  ['order', 'orders'],
  ['oders', 'orders'],
  ['bd', 'db'],
  ['oredrs', 'orders'],
  ['paymets', 'payments'],
  ['orders/2', 'orders/0'],
  ['warehouse', undefined],
  ['x', undefined],
];

describe('nearest name', () => {
  for (const [typed, meant] of cases) it(`${typed} -> ${meant}`, () => assert.equal(nearest(typed, known), meant));
});
