// A reel after every accident that a disk can have: what was flushed is there, byte for byte, and of what was not there is either all of a
// flush or nothing. What lay in the file before passes for nothing.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { beginReel, findReel } from './reel.ts';

const segment = { timeline: 3, number: 9n };
const sectorBytes = 512;

/** No two bytes near each other are alike, and many are zero. */
const log = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i % 5 === 0 ? 0 : (i * 31 + (i >> 8)) & 255)));

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hale-reel-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A file made in advance of zeros, or one that held another segment; two flushes, and a third that never ended. */
function threeFlushes(path: string, before: 'zeros' | 'former log') {
  writeFileSync(path, Buffer.alloc(8_000));
  if (before === 'former log') {
    const former = beginReel(path, { timeline: 3, number: 5n });
    for (let at = 0; at < 7_000; at += 100) {
      former.append(log.subarray(at, at + 100));
      former.flush();
    }
    former.close();
  }
  const blank = readFileSync(path);
  const reel = beginReel(path, segment);
  const states: Buffer[] = [blank];
  for (const [from, to] of [
    [0, 700],
    [700, 1_200],
    [1_200, 3_000],
  ] as const) {
    reel.append(log.subarray(from, from + 50));
    reel.append(log.subarray(from + 50, to));
    reel.flush();
    states.push(readFileSync(path));
  }
  reel.close();
  return states;
}

async function holds(path: string, ...lengths: readonly number[]): Promise<void> {
  const reel = findReel(path, segment);
  const flushed = reel?.flushed() ?? 0;
  assert.ok(lengths.includes(flushed), `${flushed} bytes are there, and not one of ${lengths}`);
  assert.deepEqual(await reel?.read(0, flushed), flushed === 0 ? undefined : log.subarray(0, flushed));
  reel?.close();
}

for (const before of ['zeros', 'former log'] as const) {
  test(`cut off within a flush, over ${before}`, async (t) => {
    const path = join(folderFor(t), 'r');
    const states = threeFlushes(path, before);
    const ends = [0, 700, 1_200, 3_000];
    for (let step = 0; step < 3; step++) {
      const old = states[step] ?? Buffer.alloc(0);
      const young = states[step + 1] ?? Buffer.alloc(0);
      const differ = [...old.keys()].filter((at) => old[at] !== young[at]);
      const [from = 0, to = 0] = [differ[0], differ.at(-1)];
      for (let cut = from; cut <= to + 1; cut += cut < from + 60 || cut > to - 3 ? 1 : 29) {
        writeFileSync(path, Buffer.concat([young.subarray(0, cut), old.subarray(cut)]));
        // A cut behind the last byte that differs is no cut.
        await holds(path, ends[step] ?? 0, ...(cut > to ? [ends[step + 1] ?? 0] : []));
      }
    }
  });

  test(`any of its sectors are on the disk, others not, over ${before}`, async (t) => {
    const path = join(folderFor(t), 'r');
    const [, , old = Buffer.alloc(0), young = Buffer.alloc(0)] = threeFlushes(path, before);
    const first = Math.floor(1_200 / sectorBytes);
    const count = 4;
    for (let chosen = 0; chosen < 2 ** count; chosen++) {
      const torn = Buffer.from(old);
      for (let i = 0; i < count; i++) {
        const at = (first + i) * sectorBytes;
        if ((chosen & (1 << i)) !== 0) young.copy(torn, at, at, at + sectorBytes);
      }
      writeFileSync(path, torn);
      await holds(path, chosen === 2 ** count - 1 ? 3_000 : 1_200);
    }
  });
}

test('it is gone on with where the last whole flush ended; and read from any place to any other', async (t) => {
  const path = join(folderFor(t), 'r');
  const [, , second = Buffer.alloc(0), third = Buffer.alloc(0)] = threeFlushes(path, 'former log');
  writeFileSync(path, Buffer.concat([third.subarray(0, 2_000), second.subarray(2_000)]));
  const reel = findReel(path, segment);
  assert.ok(reel !== undefined);
  for (let at = 1_200; at < 20_000; at += 400) {
    reel.append(log.subarray(at, at + 400));
    if (at % 800 === 0) reel.flush();
  }
  reel.flush();
  for (let from = 0; from < 20_000; from += 777) {
    for (const to of [from + 1, from + 399, from + 5_000]) {
      assert.deepEqual(await reel.read(from, to), log.subarray(from, to), `${from} to ${to}`);
    }
  }
  reel.close();
  await holds(path, 20_000);
});

test('the same segment twice in one file: the first life is not taken for the second', async (t) => {
  const path = join(folderFor(t), 'r');
  threeFlushes(path, 'zeros');
  const again = beginReel(path, segment);
  again.append(log.subarray(0, 700));
  again.flush();
  again.close();
  await holds(path, 700);
});

test('what a disk refused is not counted, nor what came with it', async (t) => {
  const path = join(folderFor(t), 'full');
  symlinkSync('/dev/full', path);
  const reel = beginReel(path, segment);
  reel.append(log.subarray(0, 100));
  assert.throws(() => reel.flush(), { code: 'ENOSPC' });
  assert.equal(reel.flushed(), 0);
  assert.equal(reel.written(), 0);
  reel.close();
});

test('a byte that flips after it was flushed is noticed by whoever reads it', async (t) => {
  const path = join(folderFor(t), 'r');
  threeFlushes(path, 'zeros');
  const reel = findReel(path, segment);
  const bytes = readFileSync(path);
  bytes[1_000] = (bytes[1_000] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await assert.rejects(async () => reel?.read(900, 1_100), { code: 'HALE_PLATFORM_BACKUP_SPOOL' });
  assert.deepEqual(await reel?.read(0, 600), log.subarray(0, 600));
  reel?.close();
});
