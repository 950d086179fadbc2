// The search party: processes of a database whose parent was killed. PostgreSQL's children leave their group (each calls setsid),
// so killing the group does not reach them, and one that lives keeps the next start from happening. They are known by their
// working folder, which is the data folder and nobody else's. Linux only; elsewhere PostgreSQL's own lock file has the word.
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, createSystemClock } from '@hale/base';
import { postgresError } from './errors.ts';

const goneWithinMs = 5_000;
const lookEveryMs = 20;

/** Pids of PostgreSQL processes that work in `dataFolder`, the postmaster included. */
export async function findProcesses(dataFolder: string): Promise<readonly number[]> {
  if (process.platform !== 'linux') return [];
  const folder = await realpath(dataFolder).catch(() => undefined);
  if (folder === undefined) return [];
  const entries = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    entries.map(async (entry) => ((await worksIn(entry, folder)) ? Number(entry) : undefined)),
  );
  return found.filter((pid) => pid !== undefined && pid !== process.pid) as number[];
}

async function worksIn(pid: string, folder: string): Promise<boolean> {
  try {
    if ((await readlink(`/proc/${pid}/cwd`)) !== folder) return false;
    // A shell of somebody who looks around in the folder is not ours to end.
    return (await readFile(`/proc/${pid}/comm`, 'utf8')).startsWith('postgres');
  } catch {
    return false;
  }
}

/**
 * Ends everything that still works in `dataFolder` and takes away the lock that it left. SIGKILL is safe: PostgreSQL recovers
 * from its log. Throws HALE_PLATFORM_POSTGRES_STRAY when something does not go.
 */
export async function clearStrays(dataFolder: string, clock: Clock = createSystemClock()): Promise<number> {
  const until = clock.mono() + goneWithinMs;
  let ended = 0;
  for (;;) {
    const pids = await findProcesses(dataFolder);
    if (pids.length === 0) break;
    if (clock.mono() > until) {
      throw postgresError('HALE_PLATFORM_POSTGRES_STRAY', `processes ${pids.join(', ')} still use ${dataFolder}`);
    }
    for (const pid of pids) if (end(pid)) ended++;
    await new Promise<void>((resolve) => void clock.after(lookEveryMs, resolve));
  }
  // Nobody is left, so the lock is stale. Left in place it would stop the next start once its pid belongs to somebody else.
  if (process.platform === 'linux') await rm(join(dataFolder, 'postmaster.pid'), { force: true });
  return ended;
}

function end(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
