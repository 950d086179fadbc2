// The master process of an NGINX that Hale started: born in a session of its own, so that it outlives its pilot, and known again by pid and start
// time from a note beside its configuration. It inherits its listening sockets the way it inherits them from itself when it is upgraded
// (the variable NGINX), so it never binds one.
import { spawn } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import { platformError } from '../../errors.ts';
import { identify, isAlive } from '../../keeper/proc-identity.ts';
import type { ProxyListener } from '../proxy-program.ts';

/** Who runs, and what was told to it at its birth. */
export interface MasterNote {
  readonly pid: number;
  readonly startTime: string;
  readonly bin: string;
  /** The sockets it was born with: with others a new one must be born. */
  readonly sockets: string;
  readonly witnessPort: number;
}

const noteName = 'nginx.json';
const birthMsMax = 5000;

/** The one that a former pilot left running; undefined when there is none. */
export function findMaster(folder: string): MasterNote | undefined {
  try {
    const note = JSON.parse(readFileSync(join(folder, noteName), 'utf8')) as MasterNote;
    return isAlive(note.pid, note.startTime) ? note : undefined;
  } catch {
    return undefined;
  }
}

export function writeNote(folder: string, note: MasterNote): void {
  const file = join(folder, noteName);
  writeFileSync(`${file}.new`, JSON.stringify(note), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Sockets as descriptors 3, 4, ... of a child, and the variable that tells NGINX so. */
export function inheritance(listeners: readonly ProxyListener[]): { stdio: number[]; env: Record<string, string> } {
  const stdio = listeners.map(({ fd }) => fd);
  return { stdio, env: { NGINX: stdio.map((_, index) => `${index + 3};`).join('') } };
}

export function socketsOf(listeners: readonly ProxyListener[]): string {
  return listeners.map(({ name, host, port }) => `${name}=${host}:${port}`).join(',');
}

export interface Birth {
  readonly clock: Clock;
  readonly bin: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly listeners: readonly ProxyListener[];
  readonly witnessPort: number;
}

/** Resolves once it has read its configuration and written its pid. Throws HALE_PLATFORM_PROXY_FAILED. */
export async function bearMaster(birth: Birth): Promise<MasterNote> {
  const { clock, bin, args, folder, env, listeners, witnessPort } = birth;
  const pidFile = join(folder, 'nginx.pid');
  rmSync(pidFile, { force: true });
  const handed = inheritance(listeners);
  const child = spawn(bin, args, {
    cwd: folder,
    env: { ...env, ...handed.env },
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', ...handed.stdio],
  });
  let end: string | undefined;
  child.once('error', (error) => (end = error.message));
  child.once('exit', (code, signal) => (end = `it ended with ${signal ?? code}`));
  child.unref();
  for (
    const deadline = clock.mono() + birthMsMax;
    end === undefined && clock.mono() < deadline;
    await pause(clock, 5)
  ) {
    const pid = child.pid ?? 0;
    const startTime = identify(pid)?.startTime;
    if (startTime === undefined || readPid(pidFile) !== pid) continue;
    const note = { pid, startTime, bin, sockets: socketsOf(listeners), witnessPort };
    writeNote(folder, note);
    return note;
  }
  child.kill('SIGKILL');
  throw platformError('HALE_PLATFORM_PROXY_FAILED', `'${bin}' does not start: ${end ?? 'it writes no pid'}`);
}

/** Asks it to finish (SIGQUIT), and after `graceMs` ends it and its workers. */
export async function endMaster(clock: Clock, { pid, startTime }: MasterNote, graceMs: number): Promise<void> {
  if (!isAlive(pid, startTime)) return;
  process.kill(pid, 'SIGQUIT');
  const deadline = clock.mono() + graceMs;
  while (isAlive(pid, startTime) && clock.mono() < deadline) await pause(clock, 10);
  if (isAlive(pid, startTime)) process.kill(-pid, 'SIGKILL');
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8').trim()) || undefined;
  } catch {
    return undefined;
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
