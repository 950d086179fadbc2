// Where processes are born and their deaths written down. Each gets a group of its own, its output in a file, the sockets
// it asked for, and nothing that dies with the keeper.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, statSync } from 'node:fs';
import type { Listeners } from './listeners.ts';
import { boundLog, openLog } from './logs.ts';
import { identify, isAlive } from './proc-identity.ts';
import { type ExitEvent, KeeperRefusal, type ProcessRecord, type SpawnRequest } from './protocol.ts';
import { findEnded, type Registry } from './registry.ts';

const processesMax = 2000;

export interface Nursery {
  /** `withChannel`: sockets that are bound later can still be handed to it. */
  spawn(request: SpawnRequest, withChannel?: boolean): Promise<{ pid: number; startTime: string }>;
  /** Hands a socket to one that was born with a channel; false when it has none (an adopted one). */
  hand(key: string, socket: { name: string; host: string; port: number; handle: unknown }): boolean;
  signal(request: { key: string; signal: string; group: boolean }): boolean;
  list(): ProcessRecord[];
  /** Looks after adopted processes (every 100 ms); false when there is none left to look after. */
  pollAdopted(): boolean;
  /** Cuts back every log that grew over its bound; true when there was one. */
  boundLogs(): boolean;
  /** SIGKILLs every group; gives how many were still alive. */
  killAll(): number;
}

export function createNursery(options: {
  registry: Registry;
  listeners: Listeners;
  tell: (exit: ExitEvent) => void;
}): Nursery {
  const { registry, listeners, tell } = options;
  const logs = new Set<string>();
  const channels = new Map<string, ChildProcess>();
  for (const { log } of registry.all()) if (log !== undefined) logs.add(log);

  const ended = (key: string, how: { state: 'exited' | 'unknown'; code: number | null; signal: string | null }) => {
    const pid = registry.get(key)?.record.pid ?? 0;
    if (registry.end(key, how)) tell({ event: 'exit', key, pid, code: how.code, signal: how.signal });
  };

  return {
    async spawn(request, withChannel = false) {
      const known = registry.get(request.key);
      if (known !== undefined) return { pid: known.record.pid, startTime: known.record.startTime };
      if ([...registry.all()].filter(({ record }) => record.state === 'running').length >= processesMax)
        throw new KeeperRefusal('HALE_PLATFORM_LIMIT', `more than ${processesMax} processes`);
      const child = await startChild(request, listeners.descriptors(request.listeners), withChannel);
      const pid = child.pid ?? 0;
      const startTime = identify(pid)?.startTime ?? '';
      logs.add(request.log);
      registry.add({
        record: { key: request.key, pid, startTime, state: 'running', code: null, signal: null, exitedAt: null },
        log: request.log,
        ours: true,
      });
      if (withChannel) channels.set(request.key, child);
      child.once('exit', (code, signal) => ended(request.key, { state: 'exited', code, signal }));
      if (child.exitCode !== null || child.signalCode !== null)
        ended(request.key, { state: 'exited', code: child.exitCode, signal: child.signalCode });
      return { pid, startTime };
    },
    hand(key, { name, host, port, handle }) {
      const child = channels.get(key);
      if (child?.connected !== true) return false;
      return child.send({ haleListener: { name, host, port } }, handle as never, () => {});
    },
    signal({ key, signal, group }) {
      const record = registry.get(key)?.record;
      if (record === undefined) return false;
      // After the leader has ended, its group may live on under the same number: no new process can be given it while it does.
      if (!group && (record.state !== 'running' || !isAlive(record.pid, record.startTime))) return false;
      if (group && record.state === 'running' && !isSamePid(record)) return false;
      return send(group ? -record.pid : record.pid, signal);
    },
    list: () => [...registry.all()].map(({ record }) => record),
    pollAdopted() {
      for (const key of findEnded(registry)) ended(key, { state: 'unknown', code: null, signal: null });
      return [...registry.all()].some(({ record, ours }) => !ours && record.state === 'running');
    },
    boundLogs() {
      let hasCut = false;
      for (const path of logs) hasCut = boundLog(path) || hasCut;
      return hasCut;
    },
    killAll() {
      const alive = [...registry.all()].filter(
        ({ record }) => record.state === 'running' && isAlive(record.pid, record.startTime),
      );
      for (const { record } of alive) send(-record.pid, 'SIGKILL');
      return alive.length;
    },
  };
}

function isSamePid(record: ProcessRecord): boolean {
  return identify(record.pid)?.startTime === record.startTime;
}

function send(target: number, signal: string): boolean {
  try {
    process.kill(target, signal as NodeJS.Signals);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw new KeeperRefusal('HALE_PLATFORM_SIGNAL_FAILED', (error as Error).message);
  }
}

/** Resolves once it runs; a program that cannot be started is a refusal that says why. */
function startChild(
  request: SpawnRequest,
  descriptors: readonly number[],
  withChannel: boolean,
): Promise<ChildProcess> {
  const [file, ...args] = request.argv;
  if (file === undefined) throw new KeeperRefusal('HALE_PLATFORM_SPAWN_FAILED', 'the command is empty');
  if (!isFolder(request.cwd))
    throw new KeeperRefusal('HALE_PLATFORM_CWD_MISSING', `the working folder ${request.cwd} does not exist`);
  const log = openLog(request.log);
  return new Promise((resolve, reject) => {
    try {
      const child = spawn(file, args, {
        cwd: request.cwd,
        env: request.env,
        detached: true,
        stdio: ['ignore', log, log, ...descriptors, ...(withChannel ? ['ipc' as const] : [])],
        ...(request.uid === undefined ? {} : { uid: request.uid }),
        ...(request.gid === undefined ? {} : { gid: request.gid }),
      });
      child.once('spawn', () => resolve(child));
      child.once('error', (error) => reject(spawnRefusal(file, error)));
      child.unref();
    } catch (error) {
      reject(spawnRefusal(file, error as Error));
    } finally {
      closeSync(log);
    }
  });
}

function spawnRefusal(file: string, error: Error): KeeperRefusal {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new KeeperRefusal('HALE_PLATFORM_PROGRAM_MISSING', `there is no program '${file}'`);
  if (code === 'EACCES') return new KeeperRefusal('HALE_PLATFORM_PROGRAM_FORBIDDEN', `'${file}' may not be executed`);
  return new KeeperRefusal('HALE_PLATFORM_SPAWN_FAILED', `cannot start '${file}': ${error.message}`);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
