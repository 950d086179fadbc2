// Takes a system down, whatever state it is in: asks control to stop everything in order, then the keeper to close, and
// then looks at the kernel's list for anything that still carries the system's mark. Each step is bounded, and a step
// whose partner is dead is done without it. Afterwards nothing runs and the runtime folder is gone.
import { existsSync, rmSync } from 'node:fs';
import type { SystemView } from '@hale/model';
import { announceDown } from '@hale/platform/gateway';
import { cliError } from '../errors.ts';
import { type Host, pause } from '../host.ts';
import { closeKeeper } from './keeper-link.ts';
import { findMarked, killNow, type MarkedProcess } from './process-table.ts';
import { askPatiently, type RunningSystem } from './running.ts';

export interface StopOptions {
  readonly timeoutMs: number;
  /** Aborted: stop being graceful, now. */
  readonly hurry: AbortSignal;
  /** Told as it goes, for people. */
  readonly say: (text: string) => void;
}

export interface StopReport {
  /** Replicas stopped in order, by control. */
  readonly graceful: boolean;
  /** Processes that had to be killed one by one because nobody answered for them. */
  readonly killed: readonly MarkedProcess[];
}

const killRounds = 50;
const namesShown = 5;

export async function stopSystem(host: Host, system: RunningSystem, options: StopOptions): Promise<StopReport> {
  announceDown(system.runtimeDir);
  const graceful = await stopReplicas(host, system, options);
  await closeKeeper(host, system);
  const killed = await killMarked(host, system.id);
  if (existsSync(system.runtimeDir)) rmSync(system.runtimeDir, { recursive: true, force: true });
  return { graceful, killed };
}

/** True when control said that all is stopped. */
async function stopReplicas(host: Host, system: RunningSystem, options: StopOptions): Promise<boolean> {
  const { say, hurry } = options;
  const deadline = host.clock.mono() + options.timeoutMs;
  // Without a keeper nobody starts control again: then there is nothing to wait for.
  const patienceMs = Math.min(options.timeoutMs, system.keeperPid() === undefined ? 500 : 5_000);
  try {
    await askPatiently(host, () => system.api.order({ kind: 'shutdown' }), patienceMs);
  } catch {
    say('the control room does not answer: stopping without it');
    return false;
  }
  let last = '';
  let awaySince: number | undefined;
  while (!hurry.aborted && host.clock.mono() < deadline) {
    const view = await system.api.system().catch(() => undefined);
    if (view?.state === 'stopped') return true;
    awaySince = view === undefined ? (awaySince ?? host.clock.mono()) : undefined;
    if (awaySince !== undefined && host.clock.mono() - awaySince > 5_000) break;
    const left = view === undefined ? last : stillRunning(view);
    if (left !== last) say(`stopping: ${left}`);
    last = left;
    await pause(host.clock, 100, hurry);
  }
  say(hurry.aborted ? 'stopping at once' : 'not everything stopped in time: killing the rest');
  return false;
}

function stillRunning(view: SystemView): string {
  const names = view.replicas
    .filter((one) => one.pid !== undefined && one.phase !== 'stopped')
    .map((one) => one.replica);
  if (names.length === 0) return 'finishing';
  const more = names.length - namesShown;
  const list = more > 0 ? `${names.slice(0, namesShown).join(', ')} and ${more} more` : names.join(', ');
  return `${list} still ${names.length === 1 ? 'runs' : 'run'}`;
}

/** Kills by pid whoever still carries the mark, and looks again until nobody does: a dying parent may have had a last child. */
async function killMarked(host: Host, id: string): Promise<MarkedProcess[]> {
  const killed = new Map<number, MarkedProcess>();
  for (let round = 0; round < killRounds; round++) {
    const left = findMarked(id);
    if (left.length === 0) return [...killed.values()];
    for (const one of left) {
      killed.set(one.pid, one);
      killNow(one.pid);
    }
    await pause(host.clock, 50);
  }
  const left = findMarked(id);
  if (left.length === 0) return [...killed.values()];
  throw cliError(
    'HALE_CLI_STOP_INCOMPLETE',
    `these processes cannot be killed: ${left.map((one) => `${one.pid} (${one.command})`).join(', ')}`,
  );
}
