// What Hale leans on, one small question each. A question looks and never changes anything; one that does not apply to
// this system (macOS has no /proc) says what is missing there instead.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { homedir, release } from 'node:os';
import { promisify } from 'node:util';
import { formatBytes, type HaleError } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { requireProgram } from '@hale/platform/gateway';
import { findSystemRoot, latestRelease, readIdentity } from './folder.ts';
import { holderOfPort, isPortFree } from './free-port.ts';
import { listenersOf } from './listener-ports.ts';
import { findMarked } from './process-table.ts';
import { findSystem, isRunning } from './running.ts';
import { examineState } from './state-check.ts';

export interface Finding {
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly what: string;
  readonly found: string;
  readonly hint?: string;
}

const run = promisify(execFile);
const diskWarnBytes = 1e9;
const diskFailBytes = 100e6;
const watchesWanted = 1024;

/** Everything, in the order a person would ask. */
export async function examine(
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Finding[]> {
  if (process.platform === 'win32') {
    return [
      { verdict: 'fail', what: 'system', found: 'Windows', hint: 'use WSL2: install a Linux there and run Hale in it' },
    ];
  }
  const findings = [nodeVersion(process.versions.node), operatingSystem()];
  if (process.platform === 'linux') findings.push(procFolder(), inotify(), descriptors());
  findings.push(
    await databaseUser(),
    ...(await examineState(specIn(folder), env)),
    disk(folder),
    ...(await balancer(folder)),
    writable(folder),
    ...(await ports(folder)),
    ...(await strays(folder)),
  );
  return findings;
}

export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fits = major > 24 || (major === 24 && minor >= 12);
  return fits
    ? { verdict: 'ok', what: 'Node', found: version }
    : {
        verdict: 'fail',
        what: 'Node',
        found: version,
        hint: 'Hale needs Node >= 24.12: https://nodejs.org, or npm install -g node@24',
      };
}

function operatingSystem(): Finding {
  const what = 'system';
  if (process.platform === 'linux') {
    const wsl = /microsoft/i.test(release());
    return { verdict: 'ok', what, found: `Linux ${release()}${wsl ? ' (WSL2)' : ''}` };
  }
  if (process.platform === 'darwin') {
    const hint =
      'macOS is for development. Missing there: the kernel as a witness of hangs (the in-process heartbeat still finds them), ' +
      'readings of descriptors and CPU from /proc, finding strays by their mark, names of who holds a port. Not tested by us';
    return { verdict: 'warn', what, found: `macOS ${release()}`, hint };
  }
  return { verdict: 'fail', what, found: process.platform, hint: 'Hale runs on Linux (and macOS for development)' };
}

function procFolder(): Finding {
  return existsSync('/proc/self/stat')
    ? { verdict: 'ok', what: '/proc', found: 'readable' }
    : { verdict: 'fail', what: '/proc', found: 'not mounted', hint: 'mount -t proc proc /proc' };
}

function inotify(): Finding {
  const watches = numberIn('/proc/sys/fs/inotify/max_user_watches');
  const instances = numberIn('/proc/sys/fs/inotify/max_user_instances');
  const found = `${watches ?? '?'} watches, ${instances ?? '?'} instances`;
  if (watches !== undefined && watches < watchesWanted) {
    return {
      verdict: 'warn',
      what: 'file watching',
      found,
      hint: `sysctl fs.inotify.max_user_watches=${watchesWanted * 64} (hale dev watches source folders)`,
    };
  }
  return { verdict: 'ok', what: 'file watching', found };
}

function descriptors(): Finding {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const soft = Number(limit ?? 0);
  const found = `${limit ?? '?'} open files`;
  if (soft > 0 && soft < 1024)
    return { verdict: 'warn', what: 'descriptors', found, hint: 'ulimit -n 65536 before hale up' };
  return { verdict: 'ok', what: 'descriptors', found };
}

/** PostgreSQL refuses to run as root: then a user namespace or an unprivileged user has to serve. */
async function databaseUser(): Promise<Finding> {
  const what = 'PostgreSQL user';
  if (process.getuid?.() !== 0) return { verdict: 'ok', what, found: `runs as uid ${process.getuid?.() ?? '?'}` };
  try {
    await run('unshare', ['--user', '--map-user=1000', 'true'], { timeout: 5_000 });
    return { verdict: 'ok', what, found: 'root, with user namespaces' };
  } catch {
    return {
      verdict: 'warn',
      what,
      found: 'root, and user namespaces are not allowed',
      hint: 'postgres() then runs as the user nobody, with its data where that user can reach it; or run Hale as an ordinary user',
    };
  }
}

/** The system that was started last from here. */
function specIn(folder: string): SystemSpec | undefined {
  const root = findSystemRoot(folder);
  return root === undefined ? undefined : latestRelease(root)?.spec;
}

/** The real balancer that the system's gateway is, where it is one. */
async function balancer(folder: string): Promise<Finding[]> {
  const program = specIn(folder)?.gateway?.program;
  if (program === undefined || program.kind === 'embedded') return [];
  const what = program.kind;
  if (program.include !== undefined) return [{ verdict: 'ok', what, found: 'run by the team itself' }];
  try {
    return [{ verdict: 'ok', what, found: (await requireProgram(program)) ?? '' }];
  } catch (error) {
    const { message, hint } = error as HaleError;
    return [{ verdict: 'fail', what, found: message, hint }];
  }
}

function disk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const found = `${formatBytes(free)} free`;
  if (free < diskFailBytes)
    return {
      verdict: 'fail',
      what: 'disk',
      found,
      hint: 'free some space: the journal and databases cannot be written',
    };
  if (free < diskWarnBytes)
    return { verdict: 'warn', what: 'disk', found, hint: 'a database and logs want at least 1 GB' };
  return { verdict: 'ok', what: 'disk', found };
}

function writable(folder: string): Finding {
  try {
    accessSync(folder, constants.W_OK);
    return { verdict: 'ok', what: 'folder', found: folder.replace(homedir(), '~') };
  } catch {
    return {
      verdict: 'fail',
      what: 'folder',
      found: `${folder} is not writable`,
      hint: 'Hale keeps its state in .hale there: make it writable, or go elsewhere',
    };
  }
}

/** Ports of a system that does not run must be free. */
async function ports(folder: string): Promise<Finding[]> {
  const root = findSystemRoot(folder);
  const identity = root === undefined ? undefined : readIdentity(root);
  const spec = root === undefined ? undefined : latestRelease(root)?.spec;
  const system = findSystem(folder);
  if (identity === undefined || spec === undefined || system === undefined) {
    return [{ verdict: 'ok', what: 'ports', found: 'no system was started here yet' }];
  }
  if (await isRunning(system)) return [{ verdict: 'ok', what: 'ports', found: 'the system runs and has them' }];
  const taken: Finding[] = [];
  for (const { name, host, demanded } of listenersOf(spec)) {
    const port = identity.ports[name];
    if (port === undefined || (await isPortFree(port, host))) continue;
    const found = `${port} (${name}) is in use by ${holderOfPort(port) ?? 'another program'}`;
    if (demanded !== undefined)
      taken.push({ verdict: 'fail', what: 'ports', found, hint: 'stop it, or choose another port in the declaration' });
    else taken.push({ verdict: 'warn', what: 'ports', found, hint: 'hale up will choose another' });
  }
  return taken.length > 0 ? taken : [{ verdict: 'ok', what: 'ports', found: 'free' }];
}

async function strays(folder: string): Promise<Finding[]> {
  const system = findSystem(folder);
  if (system === undefined || (await isRunning(system))) return [];
  const left = findMarked(system.id);
  if (left.length === 0) return [{ verdict: 'ok', what: 'strays', found: 'none' }];
  const names = left.map((one) => `${one.pid} ${one.replica ?? one.command}`).join(', ');
  return [{ verdict: 'warn', what: 'strays', found: names, hint: 'hale down removes them, hale up adopts them' }];
}

function numberIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8').trim());
  } catch {
    return undefined;
  }
}
