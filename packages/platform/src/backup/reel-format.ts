// How log lies in a file that was made in advance, so that nothing but content changes when it is flushed: a head, then frames, one a flush,
// each behind the other. How much of the file counts is written nowhere: it is as many frames as follow one another without a
// fault. The file may be full of anything behind them, zeros or the log of its former life; that passes for nothing, because each
// sum begins with the head's, and a head is never used twice.
//
//   head 32:   'HALEREEL'  timeline u32  segment u64  use u64  sum u32          of the bytes before it
//   frame 12:  sum u32  offset in the segment u32  length u32   then the bytes  sum: of head's sum, offset, length and bytes
import { crc32 } from 'node:zlib';
import type { SegmentName } from './wal-name.ts';

export const reelHeadBytes = 32;
export const frameHeadBytes = 12;
const magic = 'HALEREEL';

export interface ReelHead {
  readonly segment: SegmentName;
  /** The how-manieth use of this file it is. */
  readonly use: bigint;
  /** What the sums of its frames begin with. */
  readonly seed: number;
}

export function encodeHead(segment: SegmentName, use: bigint): Buffer {
  const head = Buffer.alloc(reelHeadBytes);
  head.write(magic, 0, 'latin1');
  head.writeUInt32LE(segment.timeline, 8);
  head.writeBigUInt64LE(segment.number, 12);
  head.writeBigUInt64LE(use, 20);
  head.writeUInt32LE(crc32(head.subarray(0, 28)), 28);
  return head;
}

/** Undefined where there is none. */
export function decodeHead(bytes: Buffer): ReelHead | undefined {
  if (bytes.length < reelHeadBytes || bytes.toString('latin1', 0, 8) !== magic) return undefined;
  const seed = bytes.readUInt32LE(28);
  if (crc32(bytes.subarray(0, 28)) !== seed) return undefined;
  const segment = { timeline: bytes.readUInt32LE(8), number: bytes.readBigUInt64LE(12) };
  return { segment, use: bytes.readBigUInt64LE(20), seed };
}

/** One frame, ready to be written. `offset`: where its bytes lie in the segment. */
export function encodeFrame(seed: number, offset: number, pieces: readonly Buffer[]): Buffer {
  const frame = Buffer.concat([Buffer.allocUnsafe(frameHeadBytes), ...pieces]);
  frame.writeUInt32LE(offset, 4);
  frame.writeUInt32LE(frame.length - frameHeadBytes, 8);
  frame.writeUInt32LE(crc32(frame.subarray(4), seed), 0);
  return frame;
}

export interface Frame {
  /** Where it begins in `bytes`. */
  readonly at: number;
  /** Where its content lies in the segment. */
  readonly offset: number;
  readonly content: Buffer;
}

/** The frames that lie in `bytes` from `at` on, the first of them with the segment's byte `offset`, as long as they follow one another. */
export function* framesIn(bytes: Buffer, { seed, at, offset }: { seed: number; at: number; offset: number }) {
  while (at + frameHeadBytes < bytes.length) {
    const length = bytes.readUInt32LE(at + 8);
    const end = at + frameHeadBytes + length;
    if (length === 0 || end > bytes.length || bytes.readUInt32LE(at + 4) !== offset) return;
    if (crc32(bytes.subarray(at + 4, end), seed) !== bytes.readUInt32LE(at)) return;
    const frame: Frame = { at, offset, content: bytes.subarray(at + frameHeadBytes, end) };
    yield frame;
    at = end;
    offset += length;
  }
}
