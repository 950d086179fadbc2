// Which word is said of which room. No disk is filled here: bench/state does that.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { roomFor, roomOf } from './disk-room.ts';

const mb = 1024 * 1024;

test('the fullest disk counts', () => {
  const cases: readonly (readonly [readonly number[], ReturnType<typeof roomFor>])[] = [
    [[0, 1000 * mb], 'full'],
    [[1000 * mb, 3 * mb], 'full'],
    [[4 * mb, 1000 * mb], undefined],
    [[63 * mb, 63 * mb], undefined],
    [[64 * mb, 65 * mb], 'free'],
  ];
  for (const [free, word] of cases) assert.equal(roomFor(free), word, String(free));
});

test('a folder without data is gone; where there is no log, nothing is said of the disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-room-'));
  try {
    assert.equal(await roomOf(join(folder, 'no such')), 'gone');
    assert.equal(await roomOf(folder), 'gone');
    writeFileSync(join(folder, 'PG_VERSION'), '18');
    assert.equal(await roomOf(folder), undefined);
    mkdirSync(join(folder, 'pg_wal'));
    assert.notEqual(await roomOf(folder), 'full', 'this test wants 4 MB of room itself');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
