// The keeper with real processes: killed and replaced behind the same sockets, its control killed and started again, its paper bounded.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectKeeper, type KeeperClient } from './client.ts';
import { logBytesKept, logBytesMax } from './logs.ts';
import { identify, isAlive } from './proc-identity.ts';
import type { SpawnRequest } from './protocol.ts';
import { runtimeDirOf } from './runtime-dir.ts';
import { startKeeper } from './start.ts';

let root: string;
let runtimeDir: string;
const opened: KeeperClient[] = [];

beforeEach(() => {
  root = mkdtempSync(join(os.tmpdir(), 'hale-keeper-'));
  runtimeDir = runtimeDirOf('', { HALE_RUNTIME_DIR: join(root, 'run') });
});
afterEach(async () => {
  const last = await connectKeeper(runtimeDir);
  await last?.shutdown();
  for (const client of opened.splice(0)) client.close();
  rmSync(root, { recursive: true, force: true });
});

/** Accepts on the socket that it was handed, and answers with its pid. */
const listening = `require('node:net').createServer((socket) => socket.end(String(process.pid))).listen({ fd: 3 })`;

function write(name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

function spawnRequest(key: string, argv: readonly string[], listeners: readonly string[] = []): SpawnRequest {
  const env = { PATH: process.env['PATH'] ?? '' };
  return { key, argv, cwd: root, env, log: join(root, '.hale', 'logs', `${key}.log`), listeners };
}

async function open(options: Partial<Parameters<typeof startKeeper>[0]> = {}): Promise<KeeperClient> {
  const client = await startKeeper({ root, runtimeDir, ...options });
  opened.push(client);
  return client;
}

async function until<T>(what: string, find: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(10)) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`waited in vain until ${what}; keeper: ${readFileSync(join(root, '.hale/logs/keeper.log'), 'utf8')}`);
}

/** Connects once; resolves with what it was answered, rejects when it was refused. */
function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(port, '127.0.0.1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

test('a connection that waits while no worker lives is answered by the next one', async () => {
  const keeper = await open();
  const port = await keeper.bind({ name: 'public', host: '127.0.0.1', port: 0 });
  assert.equal(await keeper.bind({ name: 'public', host: '127.0.0.1', port: 0 }), port, 'idempotent by name');
  const argv = [process.execPath, '-e', listening];
  const first = await keeper.spawn(spawnRequest('w:1', argv, ['public']));
  await until('it answers', () => ask(port).catch(() => undefined));
  await keeper.signal('w:1', 'SIGKILL', true);
  await until('it is dead', () => !isAlive(first.pid, first.startTime));
  const waiting = ask(port);
  const second = await keeper.spawn(spawnRequest('w:2', argv, ['public']));
  assert.equal(await waiting, String(second.pid));
});

test('a port that is taken is a clear refusal: by a listener, and by a keeper that only holds it', async () => {
  const keeper = await open();
  const port = await keeper.bind({ name: 'public', host: '127.0.0.1', port: 0 });
  const otherRoot = mkdtempSync(join(os.tmpdir(), 'hale-keeper-'));
  const otherDir = runtimeDirOf('', { HALE_RUNTIME_DIR: join(otherRoot, 'run') });
  const other = await startKeeper({ root: otherRoot, runtimeDir: otherDir });
  const inUse = { code: 'HALE_PLATFORM_PORT_IN_USE' };
  await assert.rejects(other.bind({ name: 'public', host: '127.0.0.1', port }), inUse);
  const server = net.createServer().listen(0, '127.0.0.1');
  await until('it listens', () => server.listening);
  const taken = (server.address() as net.AddressInfo).port;
  await assert.rejects(other.bind({ name: 'second', host: '127.0.0.1', port: taken }), inUse);
  server.close();
  await other.shutdown();
  rmSync(otherRoot, { recursive: true, force: true });
});

test('one folder has one keeper', async () => {
  const [one, two] = await Promise.all([open(), open()]);
  assert.equal(one.pid, two.pid);
});

test('a lower epoch is refused, and a reader needs none', async () => {
  const keeper = await open();
  await keeper.lead(5);
  const late = (await connectKeeper(runtimeDir)) as KeeperClient;
  opened.push(late);
  assert.deepEqual(await late.list(), []);
  await assert.rejects(late.lead(4), { code: 'HALE_PLATFORM_STALE_EPOCH' });
});

test('exits are told and kept', async () => {
  const keeper = await open();
  const exits: (number | null)[] = [];
  keeper.onExit((exit) => exits.push(exit.code));
  await keeper.spawn(spawnRequest('short', ['sh', '-c', 'exit 7']));
  await until('the exit is told', () => exits.length > 0);
  assert.deepEqual(exits, [7]);
  const [record] = await keeper.list();
  assert.equal(record?.state, 'exited');
  await assert.rejects(keeper.spawn(spawnRequest('none', ['no-such-program'])), {
    code: 'HALE_PLATFORM_PROGRAM_MISSING',
  });
});

test('control is started again when it is killed, and takes a hand-over', async () => {
  const argv = ['sh', '-c', 'echo started; exec sleep 600'];
  const control = { argv, cwd: root, env: { PATH: process.env['PATH'] ?? '' } };
  const keeper = await open({ control });
  const pidOf = async () =>
    (await keeper.list()).find((record) => record.key === 'control' && record.state === 'running')?.pid;
  const first = await until('it runs', pidOf);
  process.kill(first, 'SIGKILL');
  const second = await until('another runs', async () => {
    const pid = await pidOf();
    return pid !== first && pid;
  });
  await keeper.control({ ...control, argv: ['sh', '-c', 'exec sleep 601'] });
  await until('the new command runs', async () => {
    const pid = await pidOf();
    return pid !== undefined && pid !== second && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('601');
  });
});

test('a killed keeper is replaced behind the same sockets; nobody is refused, nobody is restarted', async () => {
  const door = new URL('../process/index.ts', import.meta.url).href;
  const script = write(
    'control.mjs',
    `import { createKeeperSource } from ${JSON.stringify(door)};
     const source = createKeeperSource(${JSON.stringify({ root, runtimeDir })});
     await source.get();
     console.log('ready');
     setInterval(() => {}, 1000);`,
  );
  const keeper = await open();
  const early = await keeper.bind({ name: 'early', host: '127.0.0.1', port: 0 });
  await keeper.control({ argv: [process.execPath, script], cwd: root, env: { PATH: process.env['PATH'] ?? '' } });
  const ready = () => readFileSync(join(root, '.hale', 'logs', 'control.log'), 'utf8').includes('ready');
  await until('control is connected', ready);
  const port = await keeper.bind({ name: 'public', host: '127.0.0.1', port: 0 });
  const worker = await keeper.spawn(spawnRequest('w:1', [process.execPath, '-e', listening], ['public']));
  await until('it answers', () => ask(port).catch(() => undefined));
  let isOver = false;
  let asked = 0;
  const asking = (async () => {
    for (; !isOver; asked++) assert.equal(await ask(port), String(worker.pid));
  })();
  const dead = { pid: keeper.pid, startTime: identify(keeper.pid)?.startTime ?? '' };
  process.kill(dead.pid, 'SIGKILL');
  await keeper.closed;
  const next = await until('another keeper answers', async () => {
    const found = await connectKeeper(runtimeDir);
    return found !== undefined && found.pid !== dead.pid && found;
  });
  opened.push(next);
  assert.equal(await next.bind({ name: 'public', host: '127.0.0.1', port }), port, 'the new one has the socket');
  assert.equal(await next.bind({ name: 'early', host: '127.0.0.1', port: early }), early, 'and the one of before');
  assert.deepEqual((await next.list()).map(({ key, state }) => [key, state]).sort(), [
    ['control', 'running'],
    ['w:1', 'running'],
  ]);
  // Before the second worker, which would answer too.
  isOver = true;
  await asking;
  assert.ok(asked > 0);
  const second = await next.spawn(spawnRequest('w:2', [process.execPath, '-e', listening], ['public']));
  await next.signal('w:1', 'SIGKILL', true);
  await until('the second worker answers', async () => (await ask(port).catch(() => '')) === String(second.pid));
  await until('the end of the adopted one is noticed', async () =>
    (await next.list()).some(({ key, state }) => key === 'w:1' && state === 'unknown'),
  );
});

test('a program that prints as fast as it can, and one that prints one endless line, cost bounded disk', async () => {
  const keeper = await open();
  await keeper.spawn(spawnRequest('lines', ['yes', 'a line of no interest']));
  await keeper.spawn(spawnRequest('endless', ['sh', '-c', "yes x | tr -d '\\n'"]));
  const logs = ['lines', 'endless'].map((key) => join(root, '.hale', 'logs', `${key}.log`));
  let largest = 0;
  await until('both were cut back', () => {
    for (const log of logs) largest = Math.max(largest, statSync(log).size);
    return logs.every((log) => sizeOf(`${log}.1`) === logBytesKept);
  });
  await keeper.signal('lines', 'SIGKILL', true);
  await keeper.signal('endless', 'SIGKILL', true);
  // What is written between two looks: bounded by the disk's speed, not by the program's patience.
  assert.ok(largest < 100 * logBytesMax, `grew to ${largest} bytes`);
});

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
