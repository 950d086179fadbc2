// The saw: whatever comes in, in whatever pieces, the slices give it back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunkBytesMax, createCutter, ownBoxFromBytes } from './cutter.ts';
import type { Slice } from './manifest.ts';

async function cut(files: readonly Buffer[], step: number) {
  const boxes: Buffer[] = [];
  const cutter = createCutter(async (index, content) => {
    boxes[index] = Buffer.from(content);
  });
  const slices: (readonly Slice[])[] = [];
  for (const file of files) {
    cutter.begin(file.length);
    for (let at = 0; at < file.length; at += step) await cutter.data(file.subarray(at, at + step));
    slices.push(await cutter.end());
  }
  await cutter.finish();
  const back = slices.map((some) =>
    Buffer.concat(
      some.map(([box, offset, length]) => boxes[box]?.subarray(offset, offset + length) ?? Buffer.alloc(0)),
    ),
  );
  return { boxes, back, slices };
}

const pattern = (size: number, seed: number) => Buffer.alloc(size, Buffer.from(`${seed}:${size};`));

test('slices give every file back', async () => {
  const sizes = [
    0,
    1,
    8192,
    ownBoxFromBytes - 1,
    ownBoxFromBytes,
    chunkBytesMax,
    chunkBytesMax + 1,
    900_000,
    9_000_000,
    3,
  ];
  const files = sizes.map((size, index) => pattern(size, index));
  for (const step of [64_000, 10_000_000]) {
    const { back, boxes } = await cut(files, step);
    for (const [index, file] of files.entries()) assert.ok(back[index]?.equals(file), `file of ${file.length} bytes`);
    assert.ok(boxes.every((box) => box.length > 0 && box.length <= chunkBytesMax));
  }
});

test('a page that changes in a large file changes one box only', async () => {
  const before = pattern(10_000_000, 1);
  const after = Buffer.from(before);
  after[5_000_000] = 1;
  const small = pattern(100, 2);
  const one = await cut([small, before, small], 64_000);
  const two = await cut([small, small, after], 64_000);
  const known = new Set(one.boxes.map((box) => box.toString('latin1')));
  assert.equal(two.boxes.filter((box) => !known.has(box.toString('latin1'))).length, 1);
});
