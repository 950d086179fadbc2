// A test bench for real relays: listening sockets as the keeper would bind them, relay processes that inherit them, small servers that stand
// in for PostgreSQL, and a pen for the table. Only for *.live.test.ts; closes everything it opened.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseNode, replicaId } from '@hale/model';
import { until } from '../gateway/worker-rig.ts';
import { relayArgv } from './launcher.ts';
import { type RelayStats, relayStatsFile } from './stats.ts';

/** Answers every line with its own name and the line. */
export interface FakeNode {
  readonly at: DatabaseNode;
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
  reopen(): Promise<void>;
  /** Answers nothing until `resume`; its kernel does. */
  pause(): void;
  resume(): void;
  /** Connections so far. */
  readonly visits: number;
}

export interface RelayRig {
  readonly port: number;
  readonly readPort: number;
  readonly relays: readonly ChildProcess[];
  node(ordinal: number): Promise<FakeNode>;
  publish(told: {
    readonly term: number;
    readonly primary?: DatabaseNode;
    readonly readers?: readonly DatabaseNode[];
  }): void;
  stats(ordinal?: number): RelayStats;
  /** A connection to `port`, and what came back on it so far. */
  guest(port?: number): Promise<Guest>;
}

interface RigTimes {
  readonly holdMs: number;
  readonly graceMs: number;
  readonly silentMs: number;
}

export interface Guest {
  readonly socket: Socket;
  heard: string;
  isClosed: boolean;
  say(line: string): void;
}

export async function createRelayRig(
  t: { after(fn: () => void | Promise<void>): void },
  { holdMs = 10_000, count = 1, graceMs = 500, silentMs = 8_000 }: Partial<RigTimes> & { count?: number } = {},
): Promise<RelayRig> {
  const runtimeDir = mkdtempSync(join(tmpdir(), 'hale-relay-'));
  const sockets = await Promise.all([listen(), listen()]);
  const [port = 0, readPort = 0] = sockets.map((socket) => (socket.address() as AddressInfo).port);
  const nodes: FakeNode[] = [];
  const guests: Socket[] = [];
  let seq = 0;
  const fds = sockets.map((socket) => (socket as unknown as { _handle: { fd: number } })._handle.fd);
  const relays = Array.from({ length: count }, (_, ordinal) => {
    const rest = ['--ordinal', String(ordinal), '--hold', String(holdMs), '--grace', String(graceMs)];
    rest.push('--silent', String(silentMs));
    const argv = relayArgv({ listeners: ['db:db', 'db-ro:db'], runtimeDir, rest });
    return spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit', ...fds] });
  });
  // The relays hold the sockets now; this process must not take connections from their queue.
  for (const socket of sockets) socket.close();
  const rig: RelayRig = {
    ...{ port, readPort, relays },
    async node(ordinal) {
      const node = await startNode(ordinal);
      nodes.push(node);
      return node;
    },
    publish({ term, primary, readers = [] }) {
      const databases = [{ name: 'db', term, primary, readers }];
      const beside = join(runtimeDir, 'table.tmp');
      writeFileSync(
        beside,
        JSON.stringify({ version: 1, system: 'test', epoch: 1, seq: ++seq, endpoints: [], databases }),
      );
      renameSync(beside, join(runtimeDir, 'table.json'));
    },
    stats: (ordinal = 0) => JSON.parse(readFileSync(relayStatsFile(runtimeDir, ordinal), 'utf8')) as RelayStats,
    async guest(at = port) {
      const guest = await openGuest(at);
      guests.push(guest.socket);
      return guest;
    },
  };
  t.after(async () => {
    for (const socket of guests) socket.destroy();
    await Promise.all(relays.map(endProcess));
    await Promise.all(nodes.map((node) => node.close()));
    rmSync(runtimeDir, { recursive: true, force: true });
  });
  for (const ordinal of relays.keys()) {
    await until(() => {
      try {
        return rig.stats(ordinal).v === 1;
      } catch {
        return false;
      }
    }, `relay ${ordinal} reports`);
  }
  return rig;
}

async function openGuest(port: number): Promise<Guest> {
  const socket = connect(port, '127.0.0.1');
  const guest: Guest = { socket, heard: '', isClosed: false, say: (line) => void socket.write(`${line}\n`) };
  socket.on('data', (chunk) => {
    guest.heard += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    guest.isClosed = true;
  });
  await once(socket, 'connect');
  return guest;
}

async function startNode(ordinal: number): Promise<FakeNode> {
  const sockets = new Set<Socket>();
  let isPaused = false;
  let visits = 0;
  const open = async (port: number) => {
    const server = createServer((socket) => {
      visits++;
      if (isPaused) socket.pause();
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      socket.on('data', (chunk) => socket.write(`${ordinal}:${chunk.toString('latin1')}`, 'latin1'));
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server = await open(0);
  const { port } = server.address() as AddressInfo;
  return {
    at: { replica: replicaId('db', ordinal), address: '127.0.0.1', port },
    sockets,
    async close() {
      if (!server.listening) return;
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
    async reopen() {
      server = await open(port);
    },
    pause() {
      isPaused = true;
      for (const socket of sockets) socket.pause();
    },
    resume() {
      isPaused = false;
      for (const socket of sockets) socket.resume();
    },
    get visits() {
      return visits;
    },
  };
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function listen(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
