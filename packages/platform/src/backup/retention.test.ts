// Who stays and who goes; and for any shelf, what never goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseRetention, type Shelved } from './retention.ts';

const hour = 3_600_000;
const now = 1_000 * hour;

/** 'a1 b5!' is a, an hour old, and b, five hours old and proven. */
function shelf(words: string): Shelved[] {
  return words.split(' ').map((word) => {
    const [, id = '', hours = '', proven = ''] = /^([a-z])(\d+)(!?)$/.exec(word) ?? [];
    return { id, endedAt: now - Number(hours) * hour, proven: proven === '!' };
  });
}

test('young ones, the newest few and the last proven stay', () => {
  const rows: readonly [on: string, hours: number, count: number, keep: string, drop: string][] = [
    ['a1 b2 c3', 2, 1, 'a b', 'c'],
    ['a1 b2 c3', 0, 2, 'a b', 'c'],
    ['a5 b6 c7', 1, 0, 'a', 'b c'],
    ['a5 b6 c7! d8!', 1, 1, 'a c', 'b d'],
    ['c3 a1 b2', 2, 1, 'a b', 'c'],
    ['a1! b2!', 0, 1, 'a', 'b'],
  ];
  for (const [on, hours, keepCountMin, keep, drop] of rows) {
    const chosen = chooseRetention(shelf(on), { keepMs: hours * hour, keepCountMin }, now);
    assert.equal(chosen.keep.join(' '), keep, on);
    assert.equal(chosen.drop.join(' '), drop, on);
  }
});

test('the newest and the last proven never go, and nobody is forgotten', () => {
  const one = fc.record({ endedAt: fc.integer({ min: 0, max: now }), proven: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(one, { minLength: 1, maxLength: 12 }),
      fc.nat(now),
      fc.nat(5),
      (some, keepMs, keepCountMin) => {
        const backups = some.map((backup, index) => ({ ...backup, id: `b${index}` }));
        const { keep, drop } = chooseRetention(backups, { keepMs, keepCountMin }, now);
        assert.equal(new Set([...keep, ...drop]).size, backups.length);
        const newest = Math.max(...backups.map(({ endedAt }) => endedAt));
        assert.ok(backups.some(({ id, endedAt }) => endedAt === newest && keep.includes(id)));
        const proven = backups.filter(({ proven }) => proven).map(({ endedAt }) => endedAt);
        const lastProven = Math.max(...proven);
        assert.ok(
          proven.length === 0 || backups.some((b) => b.proven && b.endedAt === lastProven && keep.includes(b.id)),
        );
      },
    ),
    { seed: 4 },
  );
});
