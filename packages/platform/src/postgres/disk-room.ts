// How much room a node's data and its log have left, in the three words that decide something: not even for the next pieces of the log, plenty, or
// something between. Whoever serves others on a full disk answers questions as ever and refuses what grows, so no question finds it out.
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseObservation } from '@hale/model';

/** Two pieces of the log, as Hale's databases are made. */
const fullBelowBytes = 4 * 1024 * 1024;
const freeFromBytes = 64 * 1024 * 1024;

/** Undefined: something between, or nobody can tell. */
export async function roomOf(pgdata: string): Promise<DatabaseObservation['disk']> {
  try {
    // The log may lie on a disk of its own.
    return roomFor(await Promise.all([pgdata, join(pgdata, 'pg_wal')].map(freeBytes)));
  } catch {
    return undefined;
  }
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
