// One life of the program. A change that cannot be made live starts the next life beside the old one on the same listening sockets; only
// when the new one serves is the old one asked to finish. So a life that does not come up never costs the one that works.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import { platformError } from '../../errors.ts';
import { identify, isAlive } from '../../keeper/proc-identity.ts';
import { complaint, withSbin } from './binary.ts';
import { askHaproxy } from './runtime-socket.ts';
import { infoLine } from './stat-table.ts';

export interface Generation {
  readonly pid: number;
  readonly startTime: string;
  /** Its runtime socket. */
  readonly socket: string;
  /** What it was started with: the drawing's digest. */
  readonly stamp: string;
}

export interface Start {
  readonly bin: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly config: string;
  readonly socket: string;
  readonly stamp: string;
  /** Inherited as 3, 4, ... */
  readonly fds: readonly number[];
}

const startTimeoutMs = 10_000;
const lookEveryMs = 10;

export function livesOn({ pid, startTime }: Generation): boolean {
  return isAlive(pid, startTime);
}

/** Starts it in a process group of its own and waits until it serves. Throws HALE_PLATFORM_PROXY_FAILED; then nothing is left of it. */
export async function startGeneration(start: Start): Promise<Generation> {
  const { bin, folder, env, clock, config, socket, stamp, fds } = start;
  const log = join(folder, 'haproxy.log');
  // Once it serves it says nothing more (-q), so the file stays small; a pipe would die with us.
  const out = openSync(log, 'w', 0o600);
  const child = spawn(bin, ['-db', '-q', '-f', config], {
    detached: true,
    env: withSbin(env),
    cwd: folder,
    stdio: ['ignore', out, out, ...fds],
  });
  closeSync(out);
  child.unref();
  let ended: string | undefined;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended = `it ended with ${signal ?? code}`;
  });
  const dueMs = clock.mono() + startTimeoutMs;
  while (ended === undefined && clock.mono() < dueMs) {
    const pid = await pidBehind(socket);
    if (pid !== undefined && pid === child.pid) {
      const startTime = identify(pid)?.startTime;
      if (startTime !== undefined) return { pid, startTime, socket, stamp };
    }
    await pause(clock, lookEveryMs);
  }
  child.kill('SIGKILL');
  const why = ended ?? 'its runtime socket does not answer';
  throw platformError(
    'HALE_PLATFORM_PROXY_FAILED',
    `HAProxy did not start: ${why}: ${complaint(readFileSync(log, 'utf8'))}`,
  );
}

/** Who answers on a runtime socket; undefined where nobody does. */
export async function pidBehind(socket: string): Promise<number | undefined> {
  try {
    const pid = Number(infoLine(await askHaproxy({ socket, command: 'show info', timeoutMs: 1000 }), 'Pid'));
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Asks it to take no more and to end when its guests have gone; it severs them itself after the whole time of a request. */
export function retire(generation: Generation): void {
  tell(generation, 'SIGUSR1');
}

/** Ends it: what is under way has `graceMs`. Resolves when it has gone. */
export async function endGeneration(generation: Generation, clock: Clock, graceMs: number): Promise<void> {
  retire(generation);
  const dueMs = clock.mono() + graceMs;
  while (livesOn(generation) && clock.mono() < dueMs) await pause(clock, lookEveryMs);
  tell(generation, 'SIGKILL');
  while (livesOn(generation)) await pause(clock, lookEveryMs);
}

/** SIGKILL to one that was stopped (SIGSTOP), which would keep its guests waiting for ever. One that a debugger holds is left alone. */
export function killStopped(generation: Generation): void {
  if (identify(generation.pid)?.state === 'T') tell(generation, 'SIGKILL');
}

function tell(generation: Generation, signal: NodeJS.Signals): void {
  if (!livesOn(generation)) return;
  try {
    process.kill(generation.pid, signal);
  } catch {
    // It ended by itself in between.
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
