// The bookkeeper against small ledgers written by hand: each kind of ending, a write that was under way at the stroke, and the
// number of trials from which a p99 may be spoken of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountFor, type Entry, firstWriteMs, spreadOf } from './account.ts';

const entry = (id: number, end: Entry['end'], [sentMs, endMs] = [0, 1]): Entry => ({ id, end, sentMs, endMs });

test('lost is what was acknowledged and is not there; what is in doubt is never lost', () => {
  const entries = [
    entry(1, 'acknowledged'),
    entry(2, 'acknowledged'),
    entry(3, 'in-doubt'),
    entry(4, 'in-doubt'),
    entry(5, 'refused'),
  ];
  assert.deepEqual(accountFor(entries, new Set([1, 3])), {
    acknowledged: 2,
    lost: [2],
    inDoubt: 2,
    inDoubtThere: 1,
    refused: 1,
    strangers: [],
  });
});

test('a row that nobody sent is told', () => {
  assert.deepEqual(accountFor([entry(1, 'acknowledged')], new Set([1, 9])).strangers, [9]);
});

test('the first write counts from the first signal, and only what was sent after the last process was gone', () => {
  const stroke = { fromMs: 100, goneMs: 110 };
  const underWay = entry(1, 'acknowledged', [99, 112]);
  const amongTheDying = entry(2, 'acknowledged', [105, 109]);
  const unheard = entry(3, 'in-doubt', [120, 200]);
  const later = entry(4, 'acknowledged', [340, 350]);
  const sooner = entry(5, 'acknowledged', [345, 349]);
  assert.equal(firstWriteMs([underWay, amongTheDying, unheard], stroke), undefined);
  assert.equal(firstWriteMs([underWay, amongTheDying, unheard, later, sooner], stroke), 249);
});

test('a p99 is only spoken of from five hundred trials on', () => {
  const upTo = (n: number) => Array.from({ length: n }, (_, index) => n - index);
  assert.deepEqual(spreadOf([3, 1, 2]), { n: 3, median: 2, tailName: 'max', tail: 3 });
  assert.equal(spreadOf([4, 1, 2, 3]).median, 2.5);
  assert.deepEqual(spreadOf(upTo(499)).tailName, 'max');
  assert.deepEqual(spreadOf(upTo(500)), { n: 500, median: 250.5, tailName: 'p99', tail: 495 });
  assert.throws(() => spreadOf([]), TypeError);
});
