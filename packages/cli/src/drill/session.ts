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
  /** Whether `close` takes the system down: this session brought it up, or has to answer for it. */
  readonly isOwned: boolean;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly signal: AbortSignal;
  /** Changes the declaration before a fresh start. */
  readonly adapt?: (spec: SystemSpec) => Promise<SystemSpec>;
  /** A running system that is this caller's to take down all the same. */
  readonly owns?: (system: RunningSystem) => boolean;
}

const stopPatienceMs = 30_000;

export async function openDrillSession(call: Call, options: SessionOptions): Promise<DrillSession> {
  const running = findSystem(call.folder);
  if (running === undefined || !(await isRunning(running))) return bringUpForDrills(call, options);
  const spec = latestRelease(running.root)?.spec ?? (await loadDeclaration(call, undefined));
  const mayClose = options.owns?.(running) ?? false;
  return sessionOf(running, spec, mayClose ? () => takeDown(call, running) : undefined);
}

/** Brings up the system of the folder with its fault doors open. */
async function bringUpForDrills(call: Call, { signal, adapt }: SessionOptions): Promise<DrillSession> {
  // The keeper inherits it, and `env('HALE_DRILL')` in a declaration reads it from there.
  process.env['HALE_DRILL'] = '1';
  const declared = await loadDeclaration(call, undefined);
  const spec = (await adapt?.(declared)) ?? declared;
  const { system } = await bringUp(call.host, spec, signal);
  try {
    return sessionOf(system, spec, () => takeDown(call, system));
  } catch (error) {
    await takeDown(call, system);
    throw error;
  }
}

async function takeDown(call: Call, system: RunningSystem): Promise<void> {
  await stopSystem(call.host, system, {
    timeoutMs: stopPatienceMs,
    hurry: new AbortController().signal,
    say: () => {},
  });
}

function sessionOf(system: RunningSystem, spec: SystemSpec, close: (() => Promise<void>) | undefined): DrillSession {
  const hands = createLiveHands(system, spec);
  return { system, spec, hands, plan: planOf(spec), isOwned: close !== undefined, close: close ?? (async () => {}) };
}

/** `hale.load.json` beside the declaration, or a look at every route. */
function planOf(spec: SystemSpec): LoadPlan {
  const file = join(spec.root, 'hale.load.json');
  return existsSync(file) ? readPlan(file) : defaultPlan(spec.gateway?.routes.map((route) => route.prefix) ?? ['/']);
}
