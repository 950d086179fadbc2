// The one egg timer against a twin that looks at every item by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock, tries } from '@hale/base/testing';
import fc from 'fast-check';
import { createDeadlineSweep, type Deadline, remainingMs, tighter } from './deadline.ts';

test('what is left, and the nearer of two', () => {
  assert.deepEqual([remainingMs(10, 4), remainingMs(10, 40)], [6, 0]);
  assert.deepEqual([tighter(1, 2), tighter(undefined, 2), tighter(1, undefined)], [1, 2, 1]);
  assert.equal(tighter(undefined, undefined), undefined);
});

test('each is due once, at the first tick at or after its time; removed and postponed ones are not', () => {
  const item = fc.record({
    addAt: fc.nat(500),
    dueMs: fc.nat(1000),
    removeAt: fc.option(fc.nat(1000)),
    moveTo: fc.nat(1500),
  });
  const property = fc.property(fc.array(item, { maxLength: 20 }), (items) => {
    const clock = createVirtualClock();
    const sweep = createDeadlineSweep(clock, 25);
    const fired = new Map<number, number>();
    items.forEach((each, index) => {
      const deadline: Deadline = {
        dueMs: each.dueMs,
        onDue: (nowMs) => {
          assert.equal(fired.has(index), false);
          fired.set(index, nowMs);
        },
      };
      clock.after(each.addAt, () => sweep.add(deadline));
      if (each.removeAt !== null) clock.after(Math.max(each.removeAt, each.addAt), () => sweep.remove(deadline));
    });
    clock.advance(2000);
    items.forEach((each, index) => {
      const tick = Math.ceil(Math.max(each.dueMs, each.addAt, 1) / 25) * 25;
      const removedAt = each.removeAt === null ? Number.POSITIVE_INFINITY : Math.max(each.removeAt, each.addAt);
      const expected = removedAt < tick ? undefined : tick;
      // In the same millisecond either may come first: the order of timers decides, and both are right.
      if (removedAt !== tick && each.addAt !== tick) assert.equal(fired.get(index), expected);
    });
    assert.equal(sweep.size, 0);
    sweep.stop();
  });
  fc.assert(property, { seed: 22, numRuns: tries(100, 1_000) });
});

test('a postponed one waits on; one that is due may add itself again', () => {
  const clock = createVirtualClock();
  const sweep = createDeadlineSweep(clock, 25);
  const due: number[] = [];
  const item: Deadline = {
    dueMs: 100,
    onDue(nowMs) {
      due.push(nowMs);
      if (due.length > 1) return;
      item.dueMs = nowMs + 50;
      sweep.add(item);
    },
  };
  sweep.add(item);
  clock.advance(90);
  item.dueMs = 200;
  clock.advance(1000);
  assert.deepEqual(due, [200, 250]);
});
