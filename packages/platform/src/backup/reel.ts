// One segment of the log on its way to the store, in one file (reel-format.ts). What was written counts once it was flushed, and not before:
// neither a crash nor a disk that failed makes more of it than was promised. A flush that fails takes back what it was for.
import { closeSync, constants, fdatasyncSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { backupError } from './errors.ts';
import { decodeHead, encodeFrame, encodeHead, frameHeadBytes, framesIn, reelHeadBytes } from './reel-format.ts';
import type { SegmentName } from './wal-name.ts';

/** So much is gathered before it is written without being asked for. */
const gatheredBytesMax = 1024 * 1024;
/** Whoever reads from the middle looks for his frame over so many bytes at most. */
const landmarkEveryBytes = 256 * 1024;

export interface Reel {
  readonly segment: SegmentName;
  /** Of the segment, from its start: gathered, and flushed. */
  written(): number;
  flushed(): number;
  /** Of the file. */
  size(): number;
  /** So much more fits in without the file growing. */
  roomBytes(): number;
  append(bytes: Buffer): void;
  /** After it, everything appended is on the disk. Throws what the disk says; then nothing since the last flush is there. */
  flush(): void;
  /** Of what was flushed. Throws HALE_PLATFORM_BACKUP_SPOOL when it is not what was written. */
  read(from: number, to: number): Promise<Buffer>;
  /** Nothing more is appended; it may still be read. */
  close(): void;
}

/** Begins a segment in a file that is there, whatever is in it, or in a new one. It is that segment's once the first flush is done. */
export function beginReel(path: string, segment: SegmentName): Reel {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const former = Buffer.alloc(reelHeadBytes);
  readSync(fd, former, 0, reelHeadBytes, 0);
  const head = encodeHead(segment, (decodeHead(former)?.use ?? 0n) + 1n);
  return createReel({ path, segment, fd, head, at: 0, to: 0, landmarks: [{ at: reelHeadBytes, offset: 0 }] });
}

/** What a former life left; undefined when it is nothing of this segment's. */
export function findReel(path: string, segment: SegmentName): Reel | undefined {
  const bytes = readFileSync(path);
  const head = decodeHead(bytes);
  if (head?.segment.timeline !== segment.timeline || head.segment.number !== segment.number) return undefined;
  const landmarks: Landmark[] = [{ at: reelHeadBytes, offset: 0 }];
  let at = reelHeadBytes;
  let to = 0;
  for (const frame of framesIn(bytes, { seed: head.seed, at, offset: 0 })) {
    note(landmarks, frame);
    at = frame.at + frameHeadBytes + frame.content.length;
    to = frame.offset + frame.content.length;
  }
  if (to === 0) return undefined;
  const fd = openSync(path, constants.O_RDWR);
  // Who was killed between writing and flushing left it in the kernel's hands only, and what is found here is told to the server.
  fdatasyncSync(fd);
  return createReel({ path, segment, fd, head: bytes.subarray(0, reelHeadBytes), at, to, landmarks });
}

interface Landmark {
  readonly at: number;
  readonly offset: number;
}

function note(landmarks: Landmark[], { at, offset }: Landmark): void {
  const last = landmarks.at(-1);
  if (last === undefined || at - last.at >= landmarkEveryBytes) landmarks.push({ at, offset });
}

interface Start {
  readonly path: string;
  readonly segment: SegmentName;
  readonly fd: number;
  readonly head: Buffer;
  /** Where the next frame goes; 0: the head is not written yet. */
  readonly at: number;
  readonly to: number;
  readonly landmarks: Landmark[];
}

function createReel({ path, segment, fd, head, at, to, landmarks }: Start): Reel {
  const seed = head.readUInt32LE(28);
  let size = fstatSync(fd).size;
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;
  const flushed = { at, to };
  const written = { at, to };
  let isOpen = true;

  const put = () => {
    if (gatheredBytes === 0) return;
    const frame = encodeFrame(seed, written.to, gathered);
    const bytes = written.at === 0 ? Buffer.concat([head, frame]) : frame;
    const taken = writeSync(fd, bytes, 0, bytes.length, written.at);
    if (taken < bytes.length) throw new Error(`the disk is full: it took ${taken} of ${bytes.length} bytes`);
    note(landmarks, { at: written.at === 0 ? reelHeadBytes : written.at, offset: written.to });
    written.at += bytes.length;
    written.to += gatheredBytes;
    size = Math.max(size, written.at);
    gathered = [];
    gatheredBytes = 0;
  };
  const takeBack = () => {
    gathered = [];
    gatheredBytes = 0;
    Object.assign(written, flushed);
    while ((landmarks.at(-1)?.offset ?? 0) > flushed.to) landmarks.pop();
    size = fstatSync(fd).size;
  };
  const orTakeBack = (work: () => void) => {
    try {
      work();
    } catch (error) {
      takeBack();
      throw error;
    }
  };
  return {
    segment,
    written: () => written.to + gatheredBytes,
    flushed: () => flushed.to,
    size: () => size,
    roomBytes: () =>
      Math.max(0, size - (written.at === 0 ? reelHeadBytes : written.at) - frameHeadBytes - gatheredBytes),
    append(bytes) {
      // The driver uses its buffer again for what comes next.
      gathered.push(Buffer.from(bytes));
      gatheredBytes += bytes.length;
      if (gatheredBytes >= gatheredBytesMax) orTakeBack(put);
    },
    flush() {
      if (gatheredBytes === 0 && written.at === flushed.at) return;
      orTakeBack(() => {
        put();
        // What it lacks beside fsync is the time of the last change.
        fdatasyncSync(fd);
      });
      flushed.at = written.at;
      flushed.to = written.to;
    },
    read: (from, end) => readFlushed({ path, seed, landmarks, flushed }, from, Math.min(end, flushed.to)),
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

async function readFlushed(
  reel: { path: string; seed: number; landmarks: readonly Landmark[]; flushed: { at: number; to: number } },
  from: number,
  to: number,
): Promise<Buffer> {
  if (to <= from) return Buffer.alloc(0);
  const start = reel.landmarks.findLast(({ offset }) => offset <= from) ?? { at: reelHeadBytes, offset: 0 };
  const bytes = Buffer.alloc(reel.flushed.at - start.at);
  const file = await open(reel.path, 'r');
  try {
    await file.read(bytes, 0, bytes.length, start.at);
  } finally {
    await file.close();
  }
  const content = Buffer.alloc(to - from);
  let reached = start.offset;
  for (const frame of framesIn(bytes, { seed: reel.seed, at: 0, offset: start.offset })) {
    if (frame.offset >= to) break;
    reached = frame.offset + frame.content.length;
    const skip = Math.max(0, from - frame.offset);
    if (reached > from) frame.content.copy(content, Math.max(0, frame.offset - from), skip);
  }
  if (reached >= to) return content;
  throw backupError('HALE_PLATFORM_BACKUP_SPOOL', `${reel.path} is damaged: what was flushed at ${reached} is gone`);
}
