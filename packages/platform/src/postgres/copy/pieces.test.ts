// Cutting and comparing, against the dumb way: patch the local bytes by the ranges that were found, and they are the other's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { tries } from '@hale/base/testing';
import { batches, blockBytes, blockDigests, differingRanges, type Piece, type SourceFile } from './pieces.ts';

test('every byte of every file is in one piece, in batches that keep their bounds', () => {
  const files: SourceFile[] = [0, 1, blockBytes, 3 * blockBytes, 10 * blockBytes + 7, 0, 5].map((size, i) => ({
    path: `f${i}`,
    size,
  }));
  for (const limits of [
    { bytes: 1, count: 100 },
    { bytes: 4 * blockBytes, count: 3 },
    { bytes: 1e9, count: 1e9 },
  ]) {
    const all = [...batches(files, 2 * blockBytes, limits)];
    for (const batch of all) {
      assert.ok(batch.length <= limits.count);
      assert.ok(batch.length === 1 || batch.reduce((sum, { length }) => sum + length, 0) <= limits.bytes);
    }
    for (const { path, size } of files) {
      const pieces = all.flat().filter((piece) => piece.path === path);
      assert.equal(pieces.length, Math.max(1, Math.ceil(size / (2 * blockBytes))), path);
      let end = 0;
      for (const piece of pieces) {
        assert.equal(piece.offset, end);
        end += piece.length;
      }
      assert.equal(end, size);
    }
  }
  assert.deepEqual([...batches([], 1, { bytes: 1, count: 1 })], []);
});

/** Any window of it is like no other. */
const soup = (() => {
  const { below } = createRng(1);
  return Buffer.from(Uint8Array.from({ length: 18 * blockBytes }, () => below(256)));
})();

test('the ranges that differ make one draft into the other, and hold no block that is equal', () => {
  for (let seed = 1; seed <= tries(50, 500); seed++) {
    const rng = createRng(seed);
    const randomInt = (min: number, below: number) => min + rng.below(below - min);
    const from = randomInt(0, 9 * blockBytes);
    const there = soup.subarray(from, from + randomInt(1, 9 * blockBytes));
    const here = Buffer.from(there.subarray(0, randomInt(0, 2) ? there.length : randomInt(0, there.length + 1)));
    const touched = new Set<number>();
    for (let i = randomInt(0, 4); i > 0 && here.length > 0; i--) {
      const at = randomInt(0, here.length);
      here[at]! ^= 1 + randomInt(0, 255);
      touched.add(Math.floor(at / blockBytes));
    }
    const piece: Piece = { path: 'f', offset: 1024 * blockBytes, length: 16 * blockBytes };
    const ranges = differingRanges(piece, there.length, blockDigests(here), blockDigests(there));
    const patched = Buffer.alloc(there.length);
    here.copy(patched);
    let fetched = 0;
    for (const { offset, length } of ranges) {
      there.copy(patched, offset - piece.offset, offset - piece.offset, offset - piece.offset + length);
      fetched += length;
    }
    const words = `seed ${seed}: here ${here.length}, there ${there.length}, touched ${[...touched]}`;
    assert.ok(patched.equals(there), words);
    const missing = there.length - Math.floor(here.length / blockBytes) * blockBytes;
    assert.ok(fetched <= touched.size * blockBytes + missing, words);
    if (here.equals(there)) assert.deepEqual(ranges, [], words);
  }
});
