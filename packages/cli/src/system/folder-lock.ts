// The sign "occupied" on a system's folder: of two `hale up` at the same moment, one starts the system and the other
// waits and then finds it running. A sign left by a process that died is taken down. It is held only while something
// is being started, rolled out or stopped, never while a system runs.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliError } from '../errors.ts';
import { type Host, waitFor } from '../host.ts';
import { makeStateFolder, stateFolderOf } from './folder.ts';
import { isDead, startTimeOf } from './process-table.ts';

const patienceMs = 90_000;

/** Does `work` while nobody else may change the system in `root`. Throws HALE_CLI_BUSY when it stays occupied. */
export async function withFolderLock<T>(host: Host, root: string, work: () => Promise<T>): Promise<T> {
  const file = await take(host, root);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** The same, and without a sign where the disk takes none (full, read-only): a system must be stoppable there too. */
export async function withFolderLockIfPossible<T>(host: Host, root: string, work: () => Promise<T>): Promise<T> {
  let file: string | undefined;
  try {
    file = await take(host, root);
  } catch (error) {
    if (!signless.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  try {
    return await work();
  } finally {
    if (file !== undefined) rmSync(file, { force: true });
  }
}

const signless: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM']);

/** Puts the sign up and gives its file. */
async function take(host: Host, root: string): Promise<string> {
  const file = join(stateFolderOf(root), 'occupied');
  makeStateFolder(root);
  const taken = await waitFor(
    { clock: host.clock, withinMs: patienceMs, everyMs: 100 },
    () => tryTake(file) || undefined,
  );
  if (taken === undefined) {
    throw cliError(
      'HALE_CLI_BUSY',
      `process ${occupantOf(file)?.pid ?? '?'} has been working on ${root} for over ${patienceMs / 1000} s`,
    );
  }
  return file;
}

/** The sign is written beside and then linked, so that it is never seen half written, nor left empty by a full disk. */
function tryTake(file: string): boolean {
  const beside = `${file}.${process.pid}`;
  try {
    writeFileSync(beside, `${process.pid} ${startTimeOf(process.pid) ?? ''}`, { mode: 0o600 });
    linkSync(beside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(beside, { force: true });
  }
  const occupant = occupantOf(file);
  if (occupant !== undefined && !isOccupied(occupant)) rmSync(file, { force: true });
  return false;
}

interface Occupant {
  readonly pid: number;
  readonly startTime: string;
}

/** A later process with the same number is not the one that put the sign up; nor is this one, which would not wait for itself. */
function isOccupied({ pid, startTime }: Occupant): boolean {
  return pid > 0 && pid !== process.pid && !isDead(pid) && (startTimeOf(pid) ?? '') === startTime;
}

/** Undefined when the sign was just taken down. One that holds no number was put up by nobody that lives. */
function occupantOf(file: string): Occupant | undefined {
  try {
    const [pid, startTime = ''] = readFileSync(file, 'utf8').split(' ');
    return { pid: Number(pid), startTime };
  } catch {
    return undefined;
  }
}
