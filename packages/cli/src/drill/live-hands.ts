// The hands of live drills on this host: real signals to pids that the control room's picture names, and knocks at fault
// doors. A drill on purpose is the only place where the command hurts a system.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drillError } from '@hale/drill';
import type { DrillNote, LiveHands } from '@hale/drill/live';
import type { SystemSpec } from '@hale/model';
import { addressesOf } from '../commands/addresses.ts';
import { cliError } from '../errors.ts';
import { findMarked } from '../system/process-table.ts';
import type { RunningSystem } from '../system/running.ts';

const knockWithinMs = 3_000;

/** Throws HALE_CLI_REFUSED when the system has no gateway: a drill without traffic proves nothing. */
export function createLiveHands(system: RunningSystem, spec: SystemSpec): LiveHands {
  const { gateway } = addressesOf(system, spec);
  if (gateway === undefined) {
    throw cliError('HALE_CLI_REFUSED', 'this system has no gateway, so there is no traffic to drill under', {
      hint: "declare one: gateway: { port: 8080, routes: { '/': 'your-service' } }",
    });
  }
  return {
    gatewayUrl: gateway,
    platform: 'process',
    view: () => system.api.system().catch(() => undefined),
    traffic: () => system.api.traffic().catch(() => undefined),
    order: (order) => system.api.order(order),
    signal: sendSignal,
    knock,
    leaveNote: (note) => leaveNote(join(system.runtimeDir, 'drill.json'), note),
    controlPid: () => findMarked(system.id).find((one) => one.replica === 'hale/control')?.pid,
    keeperPid: () => system.keeperPid(),
  };
}

/** Throws what the kernel says, but for a process that is gone already. */
function sendSignal(pid: number, signal: string): void {
  try {
    process.kill(pid, signal as NodeJS.Signals);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whole or not at all: a program that starts in between never reads half a note. */
function leaveNote(file: string, note: DrillNote | undefined): void {
  rmSync(file, { force: true });
  if (note === undefined) return;
  writeFileSync(`${file}.new`, JSON.stringify(note));
  renameSync(`${file}.new`, file);
}

async function knock(port: number, fault: string): Promise<void> {
  const url = `http://127.0.0.1:${port}/__drill/${fault}`;
  let said: string;
  try {
    const response = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(knockWithinMs) });
    said = `${response.status}: ${(await response.text()).slice(0, 80).trim()}`;
    if (response.status === 202) return;
  } catch (error) {
    said = (error as Error).message;
  }
  throw drillError('HALE_DRILL_DOOR_CLOSED', `the replica on port ${port} does not open its fault door (${said})`);
}
