// How a node's data folder and its disk are, in the words that decide something: gone, without room even for the next pieces of the log, with plenty,
// or something between. Whoever serves others on a full disk, or from files that were taken away under him, answers our questions as ever (and
// refuses what grows, or whatever was not open yet), so no question finds it out.
import { access, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseObservation } from '@hale/model';

/** Two pieces of the log, as Hale's databases are made. */
const fullBelowBytes = 4 * 1024 * 1024;
const freeFromBytes = 64 * 1024 * 1024;

/** Undefined: something between, or nobody can tell. */
export async function roomOf(pgdata: string): Promise<DatabaseObservation['disk']> {
  try {
    if (await isGone(pgdata)) return 'gone';
    // The log may lie on a disk of its own.
    return roomFor(await Promise.all([pgdata, join(pgdata, 'pg_wal')].map(freeBytes)));
  } catch {
    return undefined;
  }
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

/** Of several disks the fullest one counts. */
export function roomFor(freeOf: readonly number[]): DatabaseObservation['disk'] {
  const least = Math.min(...freeOf);
  if (least < fullBelowBytes) return 'full';
  return least >= freeFromBytes ? 'free' : undefined;
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
