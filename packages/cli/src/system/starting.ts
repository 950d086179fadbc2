// Brings a system's keeper and control room up, or leaves nothing behind and says why it could not. What is declared
// afterwards is not its business.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { cliError } from '../errors.ts';
import { type Host, waitFor } from '../host.ts';
import { diskBytesMin, freeBytesOf } from './disk-room.ts';
import { logFolderOf, prepareFolder, recordRelease, setBrokenReleasesAside, writeIdentity } from './folder.ts';
import { handOver, launchKeeper } from './keeper-link.ts';
import { assignPorts, claimPorts } from './listener-ports.ts';
import { readLastLines } from './log-tail.ts';
import { isRunning, type RunningSystem, systemAt } from './running.ts';
import { stopSystem } from './stopping.ts';

export interface Started {
  readonly system: RunningSystem;
  /** False: it ran already. */
  readonly fresh: boolean;
}

const controlUpWithinMs = 30_000;
const tailLines = 12;

/** Makes sure that the keeper and control of `spec` run. Call it under the folder's lock. */
export async function ensureStarted(host: Host, spec: SystemSpec, signal: AbortSignal): Promise<Started> {
  const { root } = spec;
  requireDisk(root);
  const known = prepareFolder(root);
  const system = systemAt(root, known.id);
  if (await isRunning(system)) {
    await handOver(system);
    return { system, fresh: false };
  }
  const identity = await claimPorts(await assignPorts(known, spec), spec);
  writeIdentity(root, identity);
  // Control begins with the newest release on disk: an older one may ask for sockets that were not bound for it.
  recordRelease(root, { ...spec, id: identity.id });
  await startFresh({ host, system, spec, signal });
  return { system, fresh: true };
}

/** Journal, logs and sockets cannot be made on a disk with nothing left; better to say so than to start halfway. */
function requireDisk(root: string): void {
  const freeBytes = freeBytesOf(root);
  if (freeBytes >= diskBytesMin) return;
  throw cliError('HALE_CLI_DISK_FULL', `only ${formatBytes(freeBytes)} are free on the disk of ${root}`);
}

interface FreshStart {
  readonly host: Host;
  readonly system: RunningSystem;
  readonly spec: SystemSpec;
  readonly signal: AbortSignal;
}

async function startFresh({ host, system, spec, signal }: FreshStart): Promise<void> {
  setBrokenReleasesAside(system.root);
  const from = logLengths(system.root);
  try {
    await launchKeeper(system, spec);
    const up = await waitFor({ clock: host.clock, withinMs: controlUpWithinMs, everyMs: 50, signal }, () =>
      answers(system),
    );
    if (up === true) return;
    if (signal.aborted) throw cliError('HALE_CLI_INTERRUPTED', 'interrupted while starting: nothing is left running');
    const why =
      up === 'keeper-gone'
        ? 'the keeper ended'
        : `the control room did not answer within ${controlUpWithinMs / 1000} s`;
    throw cliError('HALE_CLI_START_FAILED', [why, ...lastWords(system.root, from)].join('\n'));
  } catch (error) {
    await stopSystem(host, system, { timeoutMs: 0, hurry: AbortSignal.abort(), say: () => {} });
    throw error;
  }
}

async function answers(system: RunningSystem): Promise<true | 'keeper-gone' | undefined> {
  if (await system.api.isUp()) return true;
  return system.keeperPid() === undefined ? 'keeper-gone' : undefined;
}

const spokesmen = ['control', 'keeper'] as const;
const logOf = (root: string, name: string) => join(logFolderOf(root), `${name}.log`);
const logLengths = (root: string) =>
  spokesmen.map((name) => statSync(logOf(root, name), { throwIfNoEntry: false })?.size ?? 0);

/** What the two said since `from`: a log that was not added to says nothing about this start. */
function lastWords(root: string, from: readonly number[]): string[] {
  const now = logLengths(root);
  return spokesmen.flatMap((name, index) => {
    if ((now[index] ?? 0) <= (from[index] ?? 0)) return [];
    const lines = distinct(readLastLines(logOf(root, name), tailLines).map(essenceOf));
    return lines.length === 0 ? [] : [`--- ${name}.log`, ...lines];
  });
}

/** A line of control's diary as a person reads it: it is started again and again, and says the same each time. */
function essenceOf(line: string): string {
  try {
    const { msg, error, code, hint } = JSON.parse(line) as Record<string, string | undefined>;
    if (error === undefined) return msg ?? line;
    return `${code === undefined ? '' : `${code}: `}${error}${hint === undefined ? '' : ` (${hint})`}`;
  } catch {
    return line;
  }
}

const distinct = (lines: readonly string[]) => [...new Set(lines)];
