// The keeper: the caretaker of one host. It holds the sockets, gives birth to processes, writes down how they end, cuts back
// their logs and keeps one control process running. It takes no decision about any of them and imports nothing but Node,
// so that there is little in it that could fail. SIGTERM and SIGINT end the keeper alone: what it started runs on, and control
// starts another; `hale down` uses the `shutdown` request. Protocol: protocol.ts and docs/decisions/0002.
//
//   node main.ts --root <folder> --runtime <folder> [--listeners name=fd=host=port,...]
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { serveConnection, writeLine } from './connection.ts';
import { type ControlRunner, createControlRunner } from './control-runner.ts';
import { takeFolder } from './folder-lock.ts';
import { createListeners } from './listeners.ts';
import { createNursery } from './nursery.ts';
import { identify } from './proc-identity.ts';
import {
  type ControlRequest,
  type ExitEvent,
  KeeperRefusal,
  type KeeperRequest,
  keeperVersion,
  type ListenerRequest,
} from './protocol.ts';
import { createRegistry } from './registry.ts';

const { values } = parseArgs({
  options: { root: { type: 'string' }, runtime: { type: 'string' }, listeners: { type: 'string' } },
});
const root = values.root ?? '';
const runtime = values.runtime ?? '';
if (root === '' || runtime === '') {
  process.stderr.write('usage: main.ts --root <folder> --runtime <folder>\n');
  process.exit(2);
}
const socketPath = join(runtime, 'keeper.sock');
const connections = new Set<net.Socket>();
let epochSeen = 0;

const listeners = createListeners(parseInherited(values.listeners ?? ''));
const registry = createRegistry(join(runtime, 'processes.json'));
const tell = (exit: ExitEvent) => {
  for (const socket of connections) writeLine(socket, exit);
  control.onExit(exit);
};
const nursery = createNursery({ registry, listeners, tell });
const controlFile = join(runtime, 'control.json');
const control: ControlRunner = createControlRunner({
  nursery,
  forget: registry.forget,
  listeners,
  log: join(root, '.hale', 'logs', 'control.log'),
  initial: readJson<ControlRequest>(controlFile),
  save: (request) => writeWhole(controlFile, request),
});

async function answer(request: KeeperRequest): Promise<object> {
  // A greeting without an epoch claims nothing: whoever only looks needs none.
  if ('epoch' in request && request.epoch !== undefined) {
    if (request.epoch < epochSeen)
      throw new KeeperRefusal('HALE_PLATFORM_STALE_EPOCH', `epoch ${request.epoch} is over; ${epochSeen} leads`);
    epochSeen = request.epoch;
  }
  switch (request.op) {
    case 'hello':
      return { pid: process.pid, version: keeperVersion, epoch: epochSeen };
    case 'bind':
      return bind(request);
    case 'spawn':
      return nursery.spawn(request);
    case 'signal':
      return { delivered: nursery.signal(request) };
    case 'list':
      return { processes: nursery.list() };
    case 'forget':
      registry.forget(request.key);
      return {};
    case 'control':
      control.use({ argv: request.argv, cwd: request.cwd, env: request.env });
      return {};
    case 'shutdown':
      setImmediate(() => void shutdown());
      return {};
    default:
      throw new KeeperRefusal('HALE_PLATFORM_UNKNOWN_OP', `no operation '${(request as { op: string }).op}'`);
  }
}

async function bind(request: ListenerRequest): Promise<object> {
  const { port, isNew } = await listeners.bind(request);
  if (isNew) control.hand(request.name);
  return { port };
}

/** A file that had to be cut is looked at again soon: its writer is a fast one. */
function boundLogs(): void {
  setTimeout(boundLogs, nursery.boundLogs() ? 25 : 250);
}

const shutdownMsMax = 2000;

/** Ends everything. All are dead before the folder goes, so that no process is left that nobody can find. */
async function shutdown(): Promise<void> {
  control.stop();
  server.close();
  for (const deadline = Date.now() + shutdownMsMax; nursery.killAll() > 0 && Date.now() < deadline; ) await sleep(10);
  rmSync(runtime, { recursive: true, force: true });
  process.exit(0);
}

function parseInherited(text: string): { name: string; fd: number; host: string; port: number }[] {
  return text.split(',').flatMap((part) => {
    const [name = '', fd = '', host = '', port = ''] = part.split('=');
    return name === '' ? [] : [{ name, fd: Number(fd), host, port: Number(port) }];
  });
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

function writeWhole(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

const server = net.createServer((socket) => {
  connections.add(socket);
  socket.once('close', () => connections.delete(socket));
  serveConnection(socket, answer);
});

/** Who has the folder writes on its door who that is. */
function open(): void {
  rmSync(socketPath, { force: true });
  server.listen(socketPath, () => {
    const startTime = identify(process.pid)?.startTime ?? '';
    writeWhole(join(runtime, 'keeper.json'), { pid: process.pid, startTime, root });
    flushCompileCache();
  });
}

mkdirSync(join(root, '.hale', 'logs'), { recursive: true, mode: 0o700 });
// Nobody is adopted later than by taking over.
const polling = setInterval(() => {
  if (!nursery.pollAdopted()) clearInterval(polling);
}, 100);
boundLogs();
// The terminal's hang-up is not ours.
process.on('SIGHUP', () => {});
if (await takeFolder(runtime, socketPath)) open();
else {
  process.stderr.write('a keeper already runs here\n');
  process.exit(3);
}
