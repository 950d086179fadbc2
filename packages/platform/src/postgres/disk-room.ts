// How a node's data folder and its disk are, in the words that decide something: gone, without room even for the next pieces of the log, with plenty,
// or something between. Whoever serves others on a full disk, or from files that were taken away under him, answers our questions as ever (and
// refuses what grows, or whatever was not open yet), so no question finds it out.
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseObservation } from '@hale/model';

export type DiskWord = DatabaseObservation['disk'];

export interface DiskRoom {
  /** Undefined: something between, or nobody can tell. */
  readonly word: DiskWord;
  /** On the fullest of its disks; undefined: nobody can tell. */
  readonly freeBytes?: number;
}

/** A piece of the log as Hale's databases are made; one that was restored or made by hand may have others. */
const pieceBytesUsual = 2 * 1024 * 1024;
const freeFromBytes = 64 * 1024 * 1024;

/** The word alone. */
export async function roomOf(pgdata: string): Promise<DiskWord> {
  return (await lookAtRoom(pgdata)).word;
}

/** How much room a database's data and log have. Never throws. */
export async function lookAtRoom(pgdata: string): Promise<DiskRoom> {
  try {
    if (await isGone(pgdata)) return { word: 'gone' };
    // The log may lie on a disk of its own.
    const log = join(pgdata, 'pg_wal');
    const [pieceBytes, ...free] = await Promise.all([pieceBytesIn(log), freeBytes(pgdata), freeBytes(log)]);
    return { word: roomFor(free, pieceBytes), freeBytes: Math.min(...free) };
  } catch {
    return { word: undefined };
  }
}

/** All pieces of a log are of one size, and made in full before they are used. */
async function pieceBytesIn(log: string): Promise<number> {
  const piece = (await readdir(log)).find((name) => /^[0-9A-F]{24}$/.test(name));
  return piece === undefined ? pieceBytesUsual : (await stat(join(log, piece))).size;
}

/** Whether what every database has lies there no more: neither the file that names its version nor the one that says how it stands. */
export async function isGone(pgdata: string): Promise<boolean> {
  const isMissing = (file: string) =>
    access(join(pgdata, file)).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    );
  return (await isMissing('PG_VERSION')) && isMissing('global/pg_control');
}

/** Of several disks the fullest one counts. Full: less than two pieces of the log. */
export function roomFor(freeOf: readonly number[], pieceBytes = pieceBytesUsual): DiskWord {
  const least = Math.min(...freeOf);
  if (least < 2 * pieceBytes) return 'full';
  return least >= Math.max(freeFromBytes, 4 * pieceBytes) ? 'free' : undefined;
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
