// A system as found from a folder: its identity, its runtime folder, whether its keeper lives, and the telephone to its
// control room. Finding is all it does; starting.ts starts and stopping.ts stops.
import { join } from 'node:path';
import { isHaleError } from '@hale/base';
import type { SystemView, TrafficView } from '@hale/model';
import { type ApiAddress, type ApiClient, createApiClient } from '../client/api-client.ts';
import { cliError } from '../errors.ts';
import { type Host, waitFor } from '../host.ts';
import { diskBytesMin, freeBytesOf } from './disk-room.ts';
import { findSystemRoot, readIdentity } from './folder.ts';
import { keeperPidOf, readJson } from './keeper-link.ts';

export interface RunningSystem {
  readonly root: string;
  readonly id: string;
  readonly runtimeDir: string;
  readonly api: ApiClient;
  /** Where control answers now; undefined while there is none. */
  address(): ApiAddress | undefined;
  /** Pid of a keeper that lives. */
  keeperPid(): number | undefined;
}

/** How long a control room that was just killed may stay away before a command gives up on it. */
const controlBackWithinMs = 8_000;

/** Where the runtime folder lies (decision 0002), without making it: looking leaves no trace. */
function runtimePathOf(id: string): string {
  const given = process.env['HALE_RUNTIME_DIR'];
  return given !== undefined && given !== '' ? given : join('/tmp', `hale-${process.getuid?.() ?? 0}`, id.slice(0, 8));
}

/** The system of identity `id` in `root`, whether it runs or not. */
export function systemAt(root: string, id: string): RunningSystem {
  const runtimeDir = runtimePathOf(id);
  const address = () => readJson<ApiAddress>(join(runtimeDir, 'api.json'));
  return {
    root,
    id,
    runtimeDir,
    api: createApiClient(address),
    address,
    keeperPid: () => keeperPidOf(runtimeDir),
  };
}

/** The system that `folder` belongs to, if it was ever started. */
export function findSystem(folder: string): RunningSystem | undefined {
  const root = findSystemRoot(folder);
  const identity = root === undefined ? undefined : readIdentity(root);
  return root === undefined || identity === undefined ? undefined : systemAt(root, identity.id);
}

/** True while there is a keeper, or a control room that is about to start one again. */
export async function isRunning(system: RunningSystem): Promise<boolean> {
  return system.keeperPid() !== undefined || system.api.isUp();
}

/** The running system that `folder` belongs to. Throws HALE_CLI_NOT_RUNNING. */
export async function requireRunning(folder: string): Promise<RunningSystem> {
  const system = findSystem(folder);
  if (system === undefined) {
    throw cliError('HALE_CLI_NOT_RUNNING', `no system was started in ${folder} or above it`, {
      hint: 'go to the folder of your hale.config.ts (or name it with -C) and start it: hale up',
    });
  }
  if (!(await isRunning(system))) throw cliError('HALE_CLI_NOT_RUNNING', `the system in ${system.root} is not running`);
  return system;
}

/** Asks control, and asks again for a while when it is away: the keeper starts it anew within seconds. */
export async function askPatiently<T>(host: Host, ask: () => Promise<T>, withinMs = controlBackWithinMs): Promise<T> {
  let last: unknown;
  const answer = await waitFor({ clock: host.clock, withinMs, everyMs: 100 }, async () => {
    try {
      return { value: await ask() };
    } catch (error) {
      if (!isAway(error)) throw error;
      last = error;
      return undefined;
    }
  });
  if (answer === undefined) throw last;
  return answer.value;
}

/** The present view of the system that `folder` belongs to. */
export async function lookAt(host: Host, folder: string): Promise<{ system: RunningSystem; view: SystemView }> {
  const system = await requireRunning(folder);
  try {
    return { system, view: await askPatiently(host, () => system.api.system()) };
  } catch (error) {
    const freeBytes = isAway(error) ? freeBytesOf(system.root) : Number.POSITIVE_INFINITY;
    if (freeBytes >= diskBytesMin) throw error;
    const hint = 'free some space (df -h .): control begins again by itself then; traffic and services go on';
    throw cliError('HALE_CLI_DISK_FULL', `the control room cannot begin: the disk of ${system.root} is full`, { hint });
  }
}

export const isAway = (error: unknown) => isHaleError(error) && error.code === 'HALE_CLI_CONTROL_AWAY';

/** What was promised and measured; undefined where control does not say (it is away just now, or of another build). */
export async function promisesOf(system: RunningSystem): Promise<TrafficView['promises']> {
  try {
    return (await system.api.traffic()).promises;
  } catch (error) {
    if (!isHaleError(error)) throw error;
    return undefined;
  }
}
