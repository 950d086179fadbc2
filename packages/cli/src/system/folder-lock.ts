// The sign "occupied" on a system's folder: of two `hale up` at the same moment, one starts the system and the other
// waits and then finds it running. A sign left by a process that died is taken down. It is held only while something
// is being started, rolled out or stopped, never while a system runs.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cliError } from '../errors.ts';
import { type Host, waitFor } from '../host.ts';
import { stateFolderOf } from './folder.ts';
import { isDead } from './process-table.ts';

const patienceMs = 90_000;

/** Does `work` while nobody else may change the system in `root`. Throws HALE_CLI_BUSY when it stays occupied. */
export async function withFolderLock<T>(host: Host, root: string, work: () => Promise<T>): Promise<T> {
  const file = join(stateFolderOf(root), 'occupied');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const taken = await waitFor(
    { clock: host.clock, withinMs: patienceMs, everyMs: 100 },
    () => tryTake(file) || undefined,
  );
  if (taken === undefined) {
    throw cliError(
      'HALE_CLI_BUSY',
      `process ${occupantOf(file) ?? '?'} has been working on ${root} for over ${patienceMs / 1000} s`,
    );
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function tryTake(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const occupant = occupantOf(file);
  if (occupant !== undefined && (occupant === process.pid || isDead(occupant))) rmSync(file, { force: true });
  return false;
}

function occupantOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
