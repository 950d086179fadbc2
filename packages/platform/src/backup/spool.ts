// The letter box between the database and the store: what came of the log lies here, flushed to disk, until the store has it. One file a
// segment (reel.ts), the next one made in advance (spare-reel.ts). Put it on another disk than the database: it is what survives when
// that one burns. Whoever has it open has it alone.
import { mkdirSync, rmSync } from 'node:fs';
import { beginReel, type Reel } from './reel.ts';
import { openSpare } from './spare-reel.ts';
import { claimSpool, historiesIn, type SpoolOwner, syncFolder, writeFlushed } from './spool-folder.ts';
import { type Lying, readShelf, reelPath } from './spool-shelf.ts';
import { formatSegment, type Lsn, type SegmentName, segmentNumber, segmentStart, timelineName } from './wal-name.ts';

export interface SpooledSegment {
  readonly segment: SegmentName;
  readonly whole: boolean;
  /** From its start, flushed. */
  readonly bytes: number;
}

export interface Spool {
  readonly owner: SpoolOwner;
  /** Until where the newest segment is flushed, and on which timeline; undefined when there is nothing. */
  newest(): { readonly timeline: number; readonly at: Lsn } | undefined;
  /** Whether so much more can be taken without more lying on the disk than may. */
  fits(bytes: number): boolean;
  /** Takes bytes for their place; what is flushed there already stays as it is. A segment that is full is flushed. */
  write(timeline: number, start: Lsn, bytes: Buffer): void;
  /** After it, everything written is on the disk. Throws what the disk says; newest() then says how far the log is safe. */
  flush(): void;
  /** Makes the next file, where there is none. Never rejects. */
  prepare(): Promise<void>;
  writeHistory(timeline: number, text: Buffer): void;
  /** All there is of the log, oldest first. */
  segments(): readonly SpooledSegment[];
  /** Throws HALE_PLATFORM_BACKUP_SPOOL when it is not what was written. */
  read(spooled: SpooledSegment, from: number, to: number): Promise<Buffer>;
  histories(): readonly { readonly timeline: number; readonly text: Buffer }[];
  forget(spooled: SpooledSegment): void;
  /** Of the log, flushed. */
  bytes(): number;
  close(): void;
}

/** Opens or makes it. Throws HALE_PLATFORM_BACKUP_SPOOL when it is another database's. */
export function openSpool(
  folder: string,
  asked: SpoolOwner,
  { bytesMax = Number.POSITIVE_INFINITY }: { readonly bytesMax?: number } = {},
): Spool {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = claimSpool(folder, asked);
  const { segmentBytes } = owner;
  const lying = new Map<string, Lying>();
  const spare = openSpare(folder, { segmentBytes, isAllowed: (bytes) => onDisk() + bytes <= bytesMax });
  const sum = (of: (file: Lying) => number) => [...lying.values()].reduce((total, file) => total + of(file), 0);
  const onDisk = () => sum((file) => file.size()) + spare.bytes();
  const nameOf = (segment: SegmentName) => formatSegment(segment, segmentBytes);
  const pathOf = (segment: SegmentName) => reelPath(folder, segment, segmentBytes);
  const layDown = (reel: Reel) => lying.set(nameOf(reel.segment), { ...reel, path: pathOf(reel.segment) });
  const shelf = readShelf(folder, segmentBytes, spare);
  for (const file of shelf.former) lying.set(nameOf(file.segment), file);
  for (const reel of shelf.reels) layDown(reel);
  // Those that may be written on, by name.
  const unfinished = new Map<string, Reel>();
  for (const reel of shelf.reels) {
    if (reel.flushed() < segmentBytes) unfinished.set(nameOf(reel.segment), reel);
    else reel.close();
  }
  let open = [...unfinished].sort().at(-1)?.[1];

  const isOpen = ({ timeline, number }: SegmentName) =>
    open?.segment.timeline === timeline && open.segment.number === number;
  const reelFor = (segment: SegmentName): Reel => {
    if (open !== undefined && isOpen(segment)) return open;
    const name = nameOf(segment);
    open?.flush();
    open = unfinished.get(name);
    if (open !== undefined) return open;
    const path = pathOf(segment);
    spare.take(path);
    const reel = beginReel(path, segment);
    syncFolder(folder);
    unfinished.set(name, reel);
    layDown(reel);
    open = reel;
    return reel;
  };
  const finish = (reel: Reel) => {
    reel.flush();
    reel.close();
    unfinished.delete(nameOf(reel.segment));
    open = undefined;
  };
  const put = (segment: SegmentName, offset: number, piece: Buffer) => {
    if (!isOpen(segment) && lying.get(nameOf(segment))?.flushed() === segmentBytes) return;
    const reel = reelFor(segment);
    const known = reel.written() - offset;
    if (known < 0) throw new TypeError(`the log came with a gap of ${-known} bytes`);
    if (known < piece.length) reel.append(piece.subarray(known));
    if (reel.written() === segmentBytes) finish(reel);
  };
  const segments = (): SpooledSegment[] =>
    [...lying]
      .filter(([, file]) => file.flushed() > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, file]) => ({ segment: file.segment, whole: file.flushed() === segmentBytes, bytes: file.flushed() }));

  return {
    owner,
    segments,
    newest() {
      const last = segments().at(-1);
      if (last === undefined) return undefined;
      const at = segmentStart(last.segment.number, segmentBytes) + BigInt(last.bytes);
      return { timeline: last.segment.timeline, at };
    },
    fits(bytes) {
      const inHand = (open?.roomBytes() ?? 0) + spare.readyBytes();
      return bytes <= inHand || onDisk() + bytes - inHand <= bytesMax;
    },
    write(timeline, start, bytes) {
      for (let at = start, rest = bytes; rest.length > 0; ) {
        const offset = Number(at % BigInt(segmentBytes));
        const piece = rest.subarray(0, segmentBytes - offset);
        put({ timeline, number: segmentNumber(at, segmentBytes) }, offset, piece);
        at += BigInt(piece.length);
        rest = rest.subarray(piece.length);
      }
    },
    flush: () => open?.flush(),
    prepare: () => spare.prepare(),
    writeHistory: (timeline, text) => writeFlushed(folder, `${timelineName(timeline)}.history`, text),
    async read({ segment }, from, to) {
      return (await lying.get(nameOf(segment))?.read(from, to)) ?? Buffer.alloc(0);
    },
    histories: () => historiesIn(folder),
    forget({ segment }) {
      const name = nameOf(segment);
      const file = lying.get(name);
      if (file === undefined) return;
      file.close();
      if (!spare.keep(file.path)) rmSync(file.path, { force: true });
      lying.delete(name);
      unfinished.delete(name);
    },
    bytes: () => sum((file) => file.flushed()),
    close() {
      open?.flush();
      for (const reel of unfinished.values()) reel.close();
      unfinished.clear();
      open = undefined;
    },
  };
}
