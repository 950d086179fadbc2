// What every fate holds: at least three lasting faults at the same time, and an end early enough for everything to heal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseFaults } from './cluster/faults.ts';
import { relayFaults } from './relay/faults.ts';
import { drawDatabaseTrouble, drawRelayTrouble, drawSchedule, gameMs, lastingFaults, overlapMs } from './schedule.ts';

/** Most faults of the schedule that are certain to hold at one moment. */
function overlapOf(seed: number): number {
  const begun = drawSchedule(seed).filter(({ what }) => what !== 'order' && lastingFaults.includes(what));
  return Math.max(0, ...begun.map(({ at }) => begun.filter((one) => one.at <= at && at < one.at + overlapMs).length));
}

test('five hundred schedules: ten minutes at least, three faults at once in each, and quiet in the second half', () => {
  assert.ok(gameMs >= 600_000);
  for (let seed = 1; seed <= 500; seed++) {
    assert.ok(overlapOf(seed) >= 3, `seed ${seed}: ${overlapOf(seed)} faults overlap`);
    assert.ok(drawSchedule(seed).every(({ at }) => at < gameMs / 2));
  }
});

for (const [whom, draw, catalogue] of [
  ['a database', drawDatabaseTrouble, databaseFaults],
  ['its relays', drawRelayTrouble, relayFaults],
] as const)
  test(`what befalls ${whom} comes amid everything else, each fault of its catalogue, and begins as early`, () => {
    const reached = new Set<string>();
    for (let seed = 1; seed <= 200; seed++) {
      const usual = drawSchedule(seed);
      for (const { at, what } of draw(seed, usual)) {
        reached.add(what);
        assert.ok(
          at < gameMs / 2 + 10_000 && usual.some((one) => Math.abs(one.at - at) < 8_000),
          `seed ${seed}: ${what}`,
        );
      }
    }
    assert.deepEqual([...reached].sort(), Object.keys(catalogue).sort());
  });
