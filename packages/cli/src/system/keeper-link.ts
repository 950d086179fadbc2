// What the front door asks of a keeper: to exist and keep this version's control room, and to close. The rest of its
// protocol (decision 0002) is between it and control.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemSpec } from '@hale/model';
import { connectKeeper, runtimeDirOf, startKeeper } from '@hale/platform/process';
import { boundCompileCache, controlCommand, lightEnvironment } from '../control/command.ts';
import { bindAll } from '../control/listeners.ts';
import { type Host, pause, waitFor } from '../host.ts';
import { isDead, killNow, startTimeOf } from './process-table.ts';

/** The system a keeper keeps. */
export interface Kept {
  readonly root: string;
  readonly id: string;
  readonly runtimeDir: string;
}

const closeWithinMs = 5_000;
const closeRounds = 3;

/**
 * Starts a keeper, and by it control. The sockets of `spec` are bound first, so that control is born with all of them and
 * need not be started again to get them. Throws HALE_PLATFORM_* (a port in use, a keeper that does not come up, an unsafe folder).
 */
export async function launchKeeper(kept: Kept, spec: SystemSpec): Promise<void> {
  boundCompileCache(process.env);
  const keeper = await startKeeper({
    root: kept.root,
    runtimeDir: runtimeDirOf(kept.id),
    env: lightEnvironment(process.env),
  });
  try {
    await bindAll(keeper, kept.root, spec);
    await keeper.control(controlRequest(kept));
  } finally {
    keeper.close();
  }
}

/** Lets this Hale's control room take over from one of another build; gives whether there was need to. */
export async function handOver(kept: Kept): Promise<boolean> {
  const file = join(kept.runtimeDir, 'control.json');
  if (!existsSync(file)) return false;
  const running = JSON.parse(readFileSync(file, 'utf8')) as { argv?: readonly string[] };
  if (running.argv?.join('\0') === controlRequest(kept).argv.join('\0')) return false;
  const keeper = await connectKeeper(kept.runtimeDir);
  if (keeper === undefined) return false;
  await keeper.control(controlRequest(kept));
  keeper.close();
  return true;
}

/** Marked like a replica, so that it is found among all processes when the keeper is gone. */
function controlRequest({ root, id }: Kept) {
  return controlCommand(root, { ...process.env, HALE_SYSTEM: id, HALE_REPLICA: 'hale/control' });
}

interface Recorded {
  readonly pid: number;
  readonly startTime: string;
}

/**
 * Ends the keeper and all that it keeps. Where there is no keeper, control ends first, because it would start the next
 * one. Afterwards neither lives.
 */
export async function closeKeeper(host: Host, kept: Kept): Promise<void> {
  for (let round = 0; round < closeRounds; round++) {
    const recorded = recordedProcesses(kept.runtimeDir);
    const pid = keeperPidOf(kept.runtimeDir);
    await askToClose(host, kept.runtimeDir);
    if (pid !== undefined) {
      const gone = await waitFor(
        { clock: host.clock, withinMs: closeWithinMs, everyMs: 20 },
        () => isDead(pid) || undefined,
      );
      if (gone === undefined) killNow(pid);
    }
    for (const one of recorded) if (!isDead(one.pid) && startTimeOf(one.pid) === one.startTime) killNow(one.pid);
    if (keeperPidOf(kept.runtimeDir) === undefined) return;
  }
}

/** Whether it obeyed is seen by its pid, not by its answer. */
async function askToClose(host: Host, runtimeDir: string): Promise<void> {
  if (!existsSync(join(runtimeDir, 'keeper.sock'))) return;
  const asked = connectKeeper(runtimeDir).then(async (keeper) => {
    await keeper?.shutdown().catch(() => undefined);
    keeper?.close();
  });
  const done = new AbortController();
  const late = pause(host.clock, closeWithinMs, done.signal);
  await Promise.race([asked.catch(() => undefined), late]);
  done.abort();
}

/** Pid of a keeper that lives. */
export function keeperPidOf(runtimeDir: string): number | undefined {
  const keeper = readJson<Partial<Recorded>>(join(runtimeDir, 'keeper.json'));
  if (keeper?.pid === undefined || isDead(keeper.pid)) return undefined;
  const startTime = startTimeOf(keeper.pid);
  return startTime === undefined || startTime === keeper.startTime ? keeper.pid : undefined;
}

function recordedProcesses(runtimeDir: string): Recorded[] {
  const entries = readJson<{ record: Recorded & { state: string } }[]>(join(runtimeDir, 'processes.json')) ?? [];
  return entries.map(({ record }) => record).filter((record) => record.state === 'running');
}

export function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
