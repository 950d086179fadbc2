// Whoever receives the log tidies it while somebody reads it: pieces give way to the whole segment, an old mark to a young one. What is
// read is the same all the same; only what is really gone is damage.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '@hale/ports/testing';
import { openVault, putSealed } from './vault.ts';
import type { PlannedSegment } from './wal-plan.ts';
import { findStamp, readSegment, stampOfSegment } from './wal-read.ts';
import { listWal, markKey, pieceKey, putSegment } from './wal-shelf.ts';

const segmentBytes = 1024 * 1024;
const segment = { timeline: 1, number: 1n };

test('a piece or a mark that was taken away since it was listed is no damage where something younger stands for it', async () => {
  const vault = openVault(createMemoryStore(() => 0));
  const piece = pieceKey(segment, segmentBytes, { from: 0, to: 8 });
  const mark = markKey(segment, segmentBytes, { offset: 8, stamp: 20 });
  await putSealed(vault, piece, { content: new Uint8Array(8), stamp: 10 });
  await putSealed(vault, mark, { content: new Uint8Array(0), stamp: 20 });
  const pieces = await listWal(vault, segmentBytes);
  const of = (key: string) => pieces.filter((one) => one.key === key);
  const planned: PlannedSegment = { segment, pieces: of(piece), filled: 8, marks: of(mark), ownFrom: 0n };
  assert.equal(await stampOfSegment(vault, planned), 20);
  await vault.store.delete(mark);
  assert.equal(await stampOfSegment(vault, planned), 20, 'its name said so');
  const plain = { ...planned, marks: [] };
  assert.equal(await stampOfSegment(vault, plain), 10);
  await vault.store.delete(piece);
  assert.equal(await stampOfSegment(vault, plain), undefined, 'whoever stands for it holds more than was planned');
  assert.equal(await findStamp(vault, piece), undefined);
});

test('pieces that gave way to the whole segment while they were read: the whole is read', async () => {
  const vault = openVault(createMemoryStore(() => 0));
  const small = { segment: { timeline: 1, number: 3n }, segmentBytes: 65_536 };
  const content = Buffer.alloc(small.segmentBytes);
  for (let page = 0; page < 8; page++) {
    content.writeUInt16LE(0xd118, page * 8192);
    content.writeUInt32LE(1, page * 8192 + 4);
    content.writeBigUInt64LE(3n * 65_536n + BigInt(page * 8192), page * 8192 + 8);
  }
  content.writeBigUInt64LE(7n, 24);
  content.writeUInt32LE(small.segmentBytes, 32);
  const key = pieceKey(small.segment, small.segmentBytes, { from: 0, to: 8192 });
  await putSealed(vault, key, { content: content.subarray(0, 8192), stamp: 10 });
  const pieces = await listWal(vault, small.segmentBytes);
  const planned: PlannedSegment = { segment: small.segment, pieces, filled: 8192, marks: [], ownFrom: 0n };
  const cluster = { format: 1, systemIdentifier: '7', segmentBytes: small.segmentBytes, keyCheck: '' } as const;
  const read = () => readSegment(vault, planned, cluster);
  assert.deepEqual(await read(), content.subarray(0, 8192));
  await vault.store.delete(key);
  await assert.rejects(read(), { code: 'HALE_PLATFORM_BACKUP_DAMAGED', message: /was taken away/ });
  await putSegment(vault, { ...small, content, stamp: 20 });
  assert.deepEqual(await read(), content.subarray(0, 8192));
});
