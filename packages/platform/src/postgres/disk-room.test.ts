// Which word is said of which room. No disk is filled here: bench/state does that.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { lookAtRoom, roomFor, roomOf } from './disk-room.ts';

const mb = 1024 * 1024;

test('the fullest disk counts', () => {
  const cases: readonly (readonly [readonly number[], ReturnType<typeof roomFor>, number?])[] = [
    [[0, 1000 * mb], 'full'],
    [[1000 * mb, 3 * mb], 'full'],
    [[4 * mb, 1000 * mb], undefined],
    [[63 * mb, 63 * mb], undefined],
    [[64 * mb, 65 * mb], 'free'],
    [[31 * mb], 'full', 16 * mb],
    [[32 * mb], undefined, 16 * mb],
    [[64 * mb], 'free', 16 * mb],
    [[255 * mb], undefined, 64 * mb],
  ];
  for (const [free, word, piece] of cases) assert.equal(roomFor(free, piece), word, String([free, piece]));
});

test('how large the pieces of the log are is read from the log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-room-'));
  try {
    mkdirSync(join(folder, 'pg_wal'));
    writeFileSync(join(folder, 'PG_VERSION'), '18');
    writeFileSync(join(folder, 'pg_wal', '00000002.history'), '');
    const piece = join(folder, 'pg_wal', '000000020000000000000007');
    writeFileSync(piece, '');
    const { bavail, bsize } = statfsSync(folder);
    // A hole takes no room; no disk has so much.
    truncateSync(piece, bavail * bsize);
    const { word, freeBytes } = await lookAtRoom(folder);
    assert.equal(word, 'full');
    assert.ok(freeBytes !== undefined && freeBytes > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
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
