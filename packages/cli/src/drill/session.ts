// A system to drill: the one that runs in the folder, else one that is brought up for the drill and taken down after it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPlan, type LiveHands, type LoadPlan, readPlan } from '@hale/drill/live';
import type { SystemSpec } from '@hale/model';
import type { Call } from '../commands/entry.ts';
import { bringUp } from '../system/bring-up.ts';
import { loadDeclaration } from '../system/declaration.ts';
import { latestRelease } from '../system/folder.ts';
import { findSystem, isRunning, type RunningSystem } from '../system/running.ts';
import { stopSystem } from '../system/stopping.ts';
import { createLiveHands } from './live-hands.ts';

export interface DrillSession {
  readonly system: RunningSystem;
  readonly spec: SystemSpec;
  readonly hands: LiveHands;
  readonly plan: LoadPlan;
  /** Takes the system down if this session brought it up. */
  close(): Promise<void>;
}

const stopPatienceMs = 30_000;

export async function openDrillSession(call: Call, signal: AbortSignal): Promise<DrillSession> {
  const running = findSystem(call.folder);
  if (running !== undefined && (await isRunning(running))) {
    const spec = latestRelease(running.root)?.spec ?? (await loadDeclaration(call, undefined));
    return sessionOf(running, spec, async () => {});
  }
  return bringUpForDrills(call, signal);
}

/** Brings up the system of the folder with its fault doors open. */
export async function bringUpForDrills(call: Call, signal: AbortSignal): Promise<DrillSession> {
  // The keeper inherits it, and `env('HALE_DRILL')` in a declaration reads it from there.
  process.env['HALE_DRILL'] = '1';
  const spec = await loadDeclaration(call, undefined);
  const { system } = await bringUp(call.host, spec, signal);
  const close = async () => {
    const options = { timeoutMs: stopPatienceMs, hurry: new AbortController().signal, say: () => {} };
    await stopSystem(call.host, system, options);
  };
  try {
    return sessionOf(system, spec, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function sessionOf(system: RunningSystem, spec: SystemSpec, close: () => Promise<void>): DrillSession {
  return { system, spec, hands: createLiveHands(system, spec), plan: planOf(spec), close };
}

/** `hale.load.json` beside the declaration, or a look at every route. */
function planOf(spec: SystemSpec): LoadPlan {
  const file = join(spec.root, 'hale.load.json');
  return existsSync(file) ? readPlan(file) : defaultPlan(spec.gateway?.routes.map((route) => route.prefix) ?? ['/']);
}
