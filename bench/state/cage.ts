// Where a peer lives while it is measured: a temporary folder, a mark in the environment that all of its processes inherit, and
// an unprivileged user. Peers let go of their servers on purpose (so that an agent may die alone); by the mark, and by who is
// whose child, each is found all the same, and nothing is left behind.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Stroke } from './account.ts';

const run = promisify(execFile);
const goneTimeoutMs = 10_000;
export const binFolder = '/usr/lib/postgresql/15/bin';

export interface Cage {
  readonly folder: string;
  /** A folder in it that its user owns. */
  room(name: string): string;
  write(name: string, text: string): string;
  /** Starts a program whose output goes to `<name>.log`. */
  start(name: string, argv: readonly string[]): ChildProcess;
  /** Runs a program to its end; gives what it printed. */
  ask(argv: readonly string[]): Promise<string>;
  /** The process whose id PostgreSQL wrote into this data folder, and all that descend from it. */
  engineOf(dataFolder: string): readonly number[];
  /** Kills all that it ever started and removes the folder. */
  close(): Promise<void>;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** PostgreSQL refuses root: then the account `postgres`, which its package made, runs everything. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  if (line === null) throw new Error('there is no user postgres: apt-get install postgresql-15');
  return { uid: Number(line[1]), gid: Number(line[2]) };
}

export function openCage(name: string): Cage {
  const identity = unprivileged();
  const mark = `HALE_BENCH_CAGE=${randomUUID()}`;
  const folder = mkdtempSync(join(tmpdir(), `hale-bench-${name}-`));
  const own = (path: string) => {
    if (identity.uid !== undefined && identity.gid !== undefined) chownSync(path, identity.uid, identity.gid);
    return path;
  };
  own(folder);
  chmodSync(folder, 0o700);
  const [key = '', value = ''] = mark.split('=');
  const env = {
    [key]: value,
    PATH: `${binFolder}:/usr/bin:/bin:/usr/sbin:/sbin`,
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    XDG_RUNTIME_DIR: folder,
  };
  const at = { cwd: folder, env, ...identity };
  return {
    folder,
    room(of) {
      const path = join(folder, of);
      mkdirSync(path, { mode: 0o700 });
      return own(path);
    },
    write(file, text) {
      const path = join(folder, file);
      writeFileSync(path, text, { mode: 0o600 });
      return own(path);
    },
    start(of, [program = '', ...args]) {
      const log = openSync(join(folder, `${of}.log`), 'a');
      const child = spawn(program, args, { ...at, stdio: ['ignore', log, log], detached: true });
      closeSync(log);
      child.on('error', () => {});
      return child;
    },
    async ask([program = '', ...args]) {
      return (await run(program, args, { ...at, maxBuffer: 16e6 })).stdout;
    },
    engineOf: (dataFolder) => withDescendants(postmasterOf(dataFolder)),
    async close() {
      const endMs = performance.now() + goneTimeoutMs;
      for (;;) {
        const left = inhabitants(mark, folder);
        if (left.length === 0 || performance.now() > endMs) break;
        await strike(left);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** SIGKILL to all of them, parents first, so that nobody starts a child anew; resolves when the last one is gone. */
export async function strike(pids: readonly number[]): Promise<Stroke> {
  const fromMs = performance.now();
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
  const endMs = fromMs + goneTimeoutMs;
  while (pids.some(isAlive)) {
    if (performance.now() > endMs) throw new Error(`still there after SIGKILL: ${pids.filter(isAlive).join(', ')}`);
    await pause(1);
  }
  return { fromMs, goneMs: performance.now() };
}

/** These and their children and theirs, parents first. */
export function withDescendants(roots: readonly number[]): readonly number[] {
  const parents = new Map(allPids().map((pid) => [pid, statOf(pid)?.parent]));
  const found = [...roots];
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid && !found.includes(child)) found.push(child);
  }
  return found;
}

export function parentOf(pid: number): number | undefined {
  return statOf(pid)?.parent;
}

/** Processes in whose environment all of these stand. */
export function findMarked(marks: readonly string[]): readonly number[] {
  return allPids().filter((pid) => {
    const variables = readOrEmpty(`/proc/${pid}/environ`).split('\0');
    return marks.every((mark) => variables.includes(mark)) && isAlive(pid);
  });
}

function postmasterOf(dataFolder: string): readonly number[] {
  try {
    const pid = Number(readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return isAlive(pid) ? [pid] : [];
  } catch {
    return [];
  }
}

/** A server's children write their title over the environment they were born with, so they count as their parent's; an orphan is known by the folder. */
function inhabitants(mark: string, folder: string): readonly number[] {
  const isOurs = (pid: number) =>
    readOrEmpty(`/proc/${pid}/environ`).split('\0').includes(mark) ||
    readOrEmpty(`/proc/${pid}/cmdline`)
      .split('\0')
      .some((word) => word.startsWith(`${folder}/`));
  return withDescendants(allPids().filter((pid) => pid !== process.pid && isOurs(pid))).filter(isAlive);
}

export function isAlive(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function statOf(pid: number): { readonly state: string; readonly parent: number } | undefined {
  const fields = readOrEmpty(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return fields.length < 2 ? undefined : { state: fields[0] ?? '', parent: Number(fields[1]) };
}

function allPids(): readonly number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
