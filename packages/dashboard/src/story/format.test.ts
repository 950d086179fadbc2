// Numbers as people read them; a table of what goes in and what is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from './format.ts';

const check = <T>(print: (value: T) => string, table: readonly (readonly [T, string])[]) => {
  for (const [value, shown] of table) assert.equal(print(value), shown);
};

test('bytes', () =>
  check(format.formatBytes, [
    [undefined, '–'],
    [0, '0 B'],
    [999, '999 B'],
    [52_428_800, '52 MB'],
    [1.26e9, '1.3 GB'],
  ]));
test('ratios', () =>
  check(format.formatRatio, [
    [undefined, '–'],
    [0, '0 %'],
    [0.004, '0.4 %'],
    [0.134, '13 %'],
    [1.98, '198 %'],
  ]));
test('counts', () =>
  check(format.formatCount, [
    [undefined, '–'],
    [0, '0'],
    [1234, '1,234'],
    [1_234_567, '1.23 M'],
    [2e9, '2.00 G'],
  ]));
test('rates', () =>
  check(format.formatRate, [
    [undefined, '–'],
    [0, '0'],
    [0.4, '0.4'],
    [2, '2'],
    [12.4, '12'],
    [1020.4, '1,020'],
  ]));
test('spans', () =>
  check(format.formatSpan, [
    [undefined, '–'],
    [-5, '0 ms'],
    [1.4, '1.4 ms'],
    [340, '340 ms'],
    [1_240, '1.2 s'],
    [14_200, '14 s'],
    [59_800, '1 min'],
    [7_500_000, '2 h 5 min'],
    [7_200_000, '2 h'],
    [4 * 86_400_000, '4 d'],
  ]));
test('words', () => check(format.formatWord, [['observer-or-shared-dependency', 'observer or shared dependency']]));
test('many', () =>
  assert.deepEqual([format.formatMany(1, 'line'), format.formatMany(2, 'line')], ['1 line', '2 lines']));
test('moments name the day only when it is another', () => {
  const noon = new Date(2026, 10, 22, 12).getTime();
  assert.equal(format.formatMoment(noon, noon + 1_000), '12:00:00');
  assert.equal(format.formatMoment(noon - 86_400_000, noon), '21 Nov, 12:00:00');
});
test('clock', () => assert.match(format.formatClock(0), /^\d\d:\d\d:\d\d$/));
