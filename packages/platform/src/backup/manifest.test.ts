// The names of backups are their order: the newest is the last one.
// What a damaged manifest is told: damage.live.test.ts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { isBackupId, makeBackupId } from './manifest.ts';

test('names sort by time, also within a second, whatever chance adds', () => {
  const first = Date.parse('2026-11-22T04:00:00.999Z');
  const times = [0, 1, 9, 10, 255, 256, 998, 999, 1_000, 60_000].map((ms) => first - 999 + ms);
  const names = times.map((wall, n) => makeBackupId(wall, n % 2 === 0 ? 'ffffff' : '000000'));
  assert.deepEqual(names.toSorted(), names);
  assert.ok(names.every(isBackupId));
  assert.ok(isBackupId('20261122T040000Z-3f9a01'), 'as former releases named them');
});
