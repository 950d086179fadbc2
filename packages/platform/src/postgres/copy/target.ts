// The sign on the door of the folder that becomes the copy. Before the first change it asks whose folder this is, and refuses
// a stranger's; then it hangs up the marker and takes pg_control away. From there on the folder is known to be half made: by us
// through the marker, and by PostgreSQL itself, which starts nothing without pg_control.
//
//   empty, ours  --beginCopy-->  marker, no pg_control  --endCopy-->  backup_label, pg_control, no marker
//                                      ^         |
//                                      +---------+  broken off and run again
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isHaleError } from '@hale/base';
import { readControlFile } from '../control-file.ts';
import { postgresError } from '../errors.ts';
import { findProcesses } from '../strays.ts';
import { type Bench, dress, isThere, sync, writeDurably } from './local.ts';
import { controlPath, markerName } from './skip.ts';

/** Is a copy into this folder unfinished? Then it must not be started, and copying again finishes it. */
export function isHalfCopied(pgdata: string): Promise<boolean> {
  return isThere(join(pgdata, markerName));
}

/**
 * Makes sure that the folder may become a copy of `systemIdentifier`, and marks it. Nothing is changed before that is sure.
 * Throws HALE_PLATFORM_POSTGRES_COPY_FOREIGN, _COPY_RUNNING.
 */
export async function beginCopy(bench: Bench, systemIdentifier: string): Promise<void> {
  const { pgdata } = bench;
  await mkdir(pgdata, { recursive: true, mode: 0o700 });
  const owner = await ownerOf(pgdata);
  if (owner !== undefined && owner !== systemIdentifier) {
    throw foreign(
      `${pgdata} holds another cluster: its system identifier is ${owner}, the source's ${systemIdentifier}`,
    );
  }
  await assertStopped(pgdata);
  await dress(bench, pgdata, 0o700);
  await writeDurably(bench, markerName, `${JSON.stringify({ systemIdentifier })}\n`);
  await sync(dirname(pgdata));
  await rm(join(pgdata, controlPath), { force: true });
}

/** The last step. The label goes first: data with pg_control and without its label would start, and be wrong. */
export async function endCopy(bench: Bench, label: string, control: Buffer): Promise<void> {
  await writeDurably(bench, 'backup_label', label);
  await writeDurably(bench, controlPath, control);
  await rm(join(bench.pgdata, markerName));
  await sync(bench.pgdata);
}

/** The system whose data lies there; undefined in an empty folder. */
async function ownerOf(pgdata: string): Promise<string | undefined> {
  const names = await readdir(pgdata);
  if (names.length === 0) return undefined;
  if (names.includes(markerName)) {
    const marked = await markedOwner(pgdata);
    if (marked !== undefined) return marked;
    // The crash came while the sign was being written, before anything else was changed.
    if (names.length === 1) return undefined;
  }
  if (!(await isThere(join(pgdata, controlPath)))) {
    throw foreign(`${pgdata} is not empty and holds no cluster (it has ${names.slice(0, 3).join(', ')})`);
  }
  try {
    return (await readControlFile(pgdata)).systemIdentifier;
  } catch (error) {
    if (!isHaleError(error)) throw error;
    throw foreign(`nobody can tell whose cluster is in ${pgdata}: ${error.message}`);
  }
}

async function markedOwner(pgdata: string): Promise<string | undefined> {
  try {
    const { systemIdentifier } = JSON.parse(await readFile(join(pgdata, markerName), 'utf8')) as Record<
      string,
      unknown
    >;
    return typeof systemIdentifier === 'string' ? systemIdentifier : undefined;
  } catch {
    return undefined;
  }
}

function foreign(message: string): Error {
  return postgresError('HALE_PLATFORM_POSTGRES_COPY_FOREIGN', message);
}

async function assertStopped(pgdata: string): Promise<void> {
  const pids = process.platform === 'linux' ? await findProcesses(pgdata) : await lockHolder(pgdata);
  if (pids.length === 0) return;
  throw postgresError(
    'HALE_PLATFORM_POSTGRES_COPY_RUNNING',
    `PostgreSQL runs in ${pgdata} (process ${pids.join(', ')})`,
  );
}

/** Where processes cannot be looked up by their folder, the lock file has the word, stale or not. */
async function lockHolder(pgdata: string): Promise<readonly number[]> {
  const pid = Number.parseInt(await readFile(join(pgdata, 'postmaster.pid'), 'utf8').catch(() => ''), 10);
  if (!(pid > 0)) return [];
  try {
    process.kill(pid, 0);
    return [pid];
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? [pid] : [];
  }
}
