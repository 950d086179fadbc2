// What counts as unprotected, row by row; and that a protected database is not cried about.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DatabaseFacts, judgeDatabase, judgeHouse } from './exposure.ts';

const hour = 3_600_000;
const now = 1_800_000_000_000;
const well: DatabaseFacts = {
  ...{
    database: 'db',
    nodes: 3,
    isElsewhere: false,
    store: 's3://bucket/shop',
    encrypted: true,
    trouble: '',
    everyMs: 24 * hour,
    proveMs: 168 * hour,
  },
  ...{ sameDisk: undefined, newest: { id: 'x', endedAt: now - hour }, completeUntil: now - 1_000 },
  proof: { at: now - hour, ok: true, words: 'RTO 2 s' },
};

test('what is protected has no complaint', () => {
  const { exposed, notes } = judgeDatabase(well, now);
  assert.deepEqual(exposed, []);
  assert.match(notes.join('\n'), /everything until 1\.0s ago[\s\S]*proven/);
});

test('each hole is named, with what to type where something can be typed', () => {
  const rows: readonly [Partial<DatabaseFacts>, RegExp][] = [
    [{ store: undefined }, /no backup: declare/],
    [{ newest: undefined }, /ever taken: hale backup now/],
    [{ completeUntil: undefined, newest: { id: 'x', endedAt: now - 40 * hour } }, /nothing after it: hale backup now/],
    [{ proof: undefined }, /ever restored: hale drill run dr/],
    [{ proof: { at: now, ok: false, words: 'a chunk is missing' } }, /failed: a chunk is missing/],
    [{ proof: { at: now - 40 * 24 * hour, ok: true, words: '' } }, /hale drill run dr/],
    [{ sameDisk: true }, /one disk loses both/],
    [{ trouble: 'the store does not answer', newest: undefined }, /^the store does not answer$/],
  ];
  for (const [over, says] of rows) {
    const { exposed } = judgeDatabase({ ...well, ...over }, now);
    assert.equal(exposed.length, 1, exposed.join('; '));
    assert.match(exposed[0] ?? '', says);
  }
});

test('an old base backup is no hole while the log goes on from it', () => {
  assert.deepEqual(judgeDatabase({ ...well, newest: { id: 'x', endedAt: now - 90 * hour } }, now).exposed, []);
});

test('the house: none, old, fresh', () => {
  const changedAt = now - 48 * hour;
  assert.equal(judgeHouse({ at: undefined, changedAt, trouble: '' }, now).exposed.length, 1);
  assert.equal(judgeHouse({ at: now - 50 * hour, changedAt, trouble: '' }, now).exposed.length, 1);
  assert.deepEqual(judgeHouse({ at: now - hour, changedAt, trouble: '' }, now).exposed, []);
});
