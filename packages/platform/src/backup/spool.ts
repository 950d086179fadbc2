// The letter box between the database and the store: what came of the log lies here, flushed to disk, until the store has it. A
// segment being written ends in `.partial`; a whole one has its name alone. Put it on another disk than the database: it is what
// survives when that one burns.
import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { backupError } from './errors.ts';
import {
  formatSegment,
  type Lsn,
  parseSegment,
  type SegmentName,
  segmentNumber,
  segmentStart,
  timelineName,
} from './wal-name.ts';

export interface SpoolOwner {
  readonly systemIdentifier: string;
  readonly segmentBytes: number;
}

export interface SpooledSegment {
  readonly segment: SegmentName;
  readonly whole: boolean;
  readonly bytes: number;
}

export interface Spool {
  readonly owner: SpoolOwner;
  /** Where the newest file ends, and on which timeline; undefined when it is empty. */
  newest(): { readonly timeline: number; readonly at: Lsn } | undefined;
  /** Puts bytes in their place; a segment that is full is flushed and named. */
  write(timeline: number, start: Lsn, bytes: Buffer): void;
  /** After it, everything written is on the disk. */
  flush(): void;
  writeHistory(timeline: number, text: Buffer): void;
  /** All files of the log, oldest first. */
  segments(): readonly SpooledSegment[];
  read(spooled: SpooledSegment, from: number, to: number): Buffer;
  histories(): readonly { readonly timeline: number; readonly text: Buffer }[];
  forget(spooled: SpooledSegment): void;
  bytes(): number;
  close(): void;
}

const ownerName = 'spool.json';

/** The owner of a spool that is there; undefined where there is none. Throws HALE_PLATFORM_BACKUP_SPOOL. */
export function readSpoolOwner(folder: string): SpoolOwner | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, ownerName), 'utf8');
  } catch {
    return undefined;
  }
  try {
    const owner = JSON.parse(text) as SpoolOwner;
    if (/^\d+$/.test(owner.systemIdentifier) && owner.segmentBytes > 0) return owner;
  } catch {
    // Told below, with the file's name.
  }
  throw backupError('HALE_PLATFORM_BACKUP_SPOOL', `${join(folder, ownerName)} is damaged`);
}

/** Opens or makes it. Throws HALE_PLATFORM_BACKUP_SPOOL when it is another database's. */
export function openSpool(folder: string, { systemIdentifier, segmentBytes }: SpoolOwner): Spool {
  const owner: SpoolOwner = { systemIdentifier, segmentBytes };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const known = readSpoolOwner(folder);
  if (known !== undefined && known.systemIdentifier !== systemIdentifier) {
    throw backupError(
      'HALE_PLATFORM_BACKUP_SPOOL',
      `${folder} holds the log of another database (${known.systemIdentifier}, this one is ${systemIdentifier})`,
    );
  }
  if (known === undefined) writeFlushed(folder, ownerName, JSON.stringify(owner));
  let open: { readonly segment: SegmentName; readonly fd: number; bytes: number; dirty: boolean } | undefined;

  const pathOf = (segment: SegmentName, whole: boolean) =>
    join(folder, `${formatSegment(segment, segmentBytes)}${whole ? '' : '.partial'}`);
  const shut = () => {
    if (open === undefined) return;
    if (open.dirty) fsyncSync(open.fd);
    closeSync(open.fd);
    if (open.bytes === segmentBytes) {
      renameSync(pathOf(open.segment, false), pathOf(open.segment, true));
      syncFolder(folder);
    }
    open = undefined;
  };
  const openFor = (segment: SegmentName) => {
    if (open !== undefined && open.segment.timeline === segment.timeline && open.segment.number === segment.number)
      return open;
    shut();
    const fd = openSync(pathOf(segment, false), constants.O_RDWR | constants.O_CREAT, 0o600);
    open = { segment, fd, bytes: statSync(pathOf(segment, false)).size, dirty: false };
    syncFolder(folder);
    return open;
  };
  const segments = (): SpooledSegment[] =>
    readdirSync(folder)
      .sort()
      .flatMap((name) => {
        const whole = !name.endsWith('.partial');
        const segment = parseSegment(name.replace('.partial', ''), segmentBytes);
        if (segment === undefined) return [];
        return [{ segment, whole, bytes: statSync(join(folder, name)).size }];
      });

  // Counted along, because it is asked for with every message.
  let total = segments().reduce((sum, { bytes }) => sum + bytes, 0);

  return {
    owner,
    segments,
    newest() {
      const last = segments().at(-1);
      if (last === undefined) return undefined;
      const at = segmentStart(last.segment.number, segmentBytes) + BigInt(last.bytes);
      return { timeline: last.segment.timeline, at };
    },
    write(timeline, start, bytes) {
      for (let at = start, rest = bytes; rest.length > 0; ) {
        const file = openFor({ timeline, number: segmentNumber(at, segmentBytes) });
        const offset = Number(at % BigInt(segmentBytes));
        if (offset > file.bytes) throw new TypeError(`the log came with a gap of ${offset - file.bytes} bytes`);
        const piece = rest.subarray(0, segmentBytes - offset);
        writeSync(file.fd, piece, 0, piece.length, offset);
        file.dirty = true;
        const grown = Math.max(file.bytes, offset + piece.length);
        total += grown - file.bytes;
        file.bytes = grown;
        at += BigInt(piece.length);
        rest = rest.subarray(piece.length);
        if (file.bytes === segmentBytes) shut();
      }
    },
    flush() {
      if (open === undefined || !open.dirty) return;
      fsyncSync(open.fd);
      open.dirty = false;
    },
    writeHistory: (timeline, text) => writeFlushed(folder, `${timelineName(timeline)}.history`, text),
    read({ segment, whole }, from, to) {
      const fd = openSync(pathOf(segment, whole), 'r');
      const content = Buffer.alloc(to - from);
      const length = readSync(fd, content, 0, to - from, from);
      closeSync(fd);
      return content.subarray(0, length);
    },
    histories: () =>
      readdirSync(folder)
        .filter((name) => /^[0-9A-F]{8}\.history$/.test(name))
        .map((name) => ({ timeline: Number.parseInt(name.slice(0, 8), 16), text: readFileSync(join(folder, name)) })),
    forget({ segment, whole, bytes }) {
      rmSync(pathOf(segment, whole), { force: true });
      total -= bytes;
    },
    bytes: () => total,
    close: shut,
  };
}

function writeFlushed(folder: string, name: string, content: string | Buffer): void {
  const fd = openSync(join(folder, `${name}.new`), 'w', 0o600);
  writeFileSync(fd, content);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(join(folder, `${name}.new`), join(folder, name));
  syncFolder(folder);
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
