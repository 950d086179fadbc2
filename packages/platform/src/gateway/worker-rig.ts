// A test bench for real workers: a listening socket as the keeper would bind it, worker processes that inherit it, replicas that are small
// HTTP servers of the test, and a pen for the endpoint table. Only for *.live.test.ts; closes everything it opened.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint, RotationState } from '@hale/model';
import { workerArgv } from './launcher.ts';
import { type RoutesFile, writeRoutes } from './routes.ts';
import type { GatewayStats } from './stats.ts';
import { routesFile, statsFile, tableFile } from './worker-files.ts';

export interface TestReplica {
  readonly incarnation: string;
  readonly server: HttpServer;
  readonly port: number;
  state: RotationState;
  /** Dies as a killed process does: every connection is reset, the port refuses. */
  kill(): void;
}

export interface Rig {
  readonly port: number;
  readonly internalPort: number;
  /** Where TLS is spoken, when the limits name a certificate. */
  readonly tlsPort: number;
  readonly url: string;
  readonly workers: readonly ChildProcess[];
  replica(handler: RequestListener): Promise<TestReplica>;
  /** Writes the table with these replicas. */
  publish(replicas: readonly TestReplica[]): void;
  stats(ordinal?: number): GatewayStats;
  close(): Promise<void>;
}

const defaults: RoutesFile = {
  v: 1,
  routes: [{ prefix: '/', service: 'app' }],
  timeoutMs: 10_000,
  tryTimeoutMs: 5000,
  holdMs: 8000,
  bodyBytesMax: 100_000,
};

/** Workers on a public listener, the internal listener of the service 'app' and, with `tls` among the limits, one that speaks TLS. */
export async function createRig(limits: Partial<RoutesFile> = {}, workerCount = 1): Promise<Rig> {
  const runtimeDir = mkdtempSync(join(tmpdir(), 'hale-gateway-'));
  const sockets = await Promise.all([listen(), listen(), listen()]);
  const replicas: TestReplica[] = [];
  const workers: ChildProcess[] = [];
  let seq = 0;
  writeRoutes(routesFile(runtimeDir), { ...defaults, ...limits });
  const rig: Rig = {
    port: portOf(sockets[0]),
    internalPort: portOf(sockets[1]),
    tlsPort: portOf(sockets[2]),
    url: `http://127.0.0.1:${portOf(sockets[0])}`,
    workers,
    async replica(handler) {
      const replica = await startReplica(handler, replicas.length);
      replicas.push(replica);
      return replica;
    },
    publish(listed) {
      const endpoints = listed.map((replica, ordinal) => endpointOf(replica, ordinal));
      const beside = join(runtimeDir, 'table.tmp');
      writeFileSync(beside, JSON.stringify({ version: 1, system: 'test', epoch: 1, seq: ++seq, endpoints }));
      renameSync(beside, tableFile(runtimeDir));
    },
    stats: (ordinal = 0) => JSON.parse(readFileSync(statsFile(runtimeDir, ordinal), 'utf8')) as GatewayStats,
    async close() {
      await Promise.all(workers.map(stopProcess));
      for (const replica of replicas) replica.kill();
      rmSync(runtimeDir, { recursive: true, force: true });
    },
  };
  const listeners = ['public', 'svc:app', ...(limits.tls === undefined ? [] : ['tls'])];
  for (let ordinal = 0; ordinal < workerCount; ordinal++) {
    const rest = ['--ordinal', String(ordinal), '--grace', '5000'];
    workers.push(startProcess(workerArgv({ listeners, runtimeDir, rest }), sockets.slice(0, listeners.length)));
  }
  // The workers hold the sockets now; this process must not take connections from their queue.
  for (const socket of sockets) socket.close();
  for (let ordinal = 0; ordinal < workerCount; ordinal++) {
    await until(() => exists(() => rig.stats(ordinal)), `worker ${ordinal} reports`);
  }
  return rig;
}

function startProcess(argv: readonly string[], sockets: readonly Server[]): ChildProcess {
  const fds = sockets.map((socket) => (socket as unknown as { _handle: { fd: number } })._handle.fd);
  return spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit', ...fds] });
}

function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

async function startReplica(handler: RequestListener, index: number): Promise<TestReplica> {
  const server = createHttpServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    incarnation: `INCARNATION${index}`,
    server,
    port: portOf(server),
    state: 'in',
    kill() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function endpointOf(replica: TestReplica, ordinal: number): Endpoint {
  const { incarnation, port, state } = replica;
  const place = { address: '127.0.0.1', port, zone: 'a', region: 'local' };
  const life = { replica: `app/${ordinal}`, incarnation } as unknown as Pick<Endpoint, 'replica' | 'incarnation'>;
  return { service: 'app', ...life, ...place, weight: 100, state, release: 1 };
}

async function listen(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  return server;
}

function portOf(server: Server | HttpServer): number {
  return (server.address() as AddressInfo).port;
}

function exists(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** Waits for a condition, at most ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within ten seconds: ${what}`);
}

/** Sends raw bytes and gives all that comes back until the other side closes, `enough` is met, or ten seconds are over. */
export function sendRaw(port: number, text: string, enough?: (seen: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let seen = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    const timer = setTimeout(() => finish(), 10_000);
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(seen);
    };
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      if (enough?.(seen)) finish();
    });
    socket.on('error', finish);
    socket.on('close', finish);
  });
}
