// A test bench for a whole pilot: sockets bound and silent, as the keeper has them, a pilot process that inherits them, the real program that it
// starts, replicas that are small HTTP servers of the test, and a pen for table and routes. Only for *.live.test.ts; ends everything it started.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '@hale/base';
import type { RotationState } from '@hale/model';
import { type RoutesFile, writeRoutes } from '../gateway/routes.ts';
import type { GatewayStats } from '../gateway/stats.ts';
import { routesFile, statsFile, tableFile } from '../gateway/worker-files.ts';
import { until } from '../gateway/worker-rig.ts';
import { createProgram, programEnv, programFolder } from './programs.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const env = programEnv(process.env);

/** Why the test is skipped, or undefined. */
export const nginxAbsent =
  process.env['HALE_REQUIRE_REAL'] === '1' || spawnSync('nginx', ['-v'], { env }).status === 0
    ? undefined
    : 'NGINX is not installed: apt-get install nginx-light';

export interface RigReplica {
  readonly name: string;
  readonly port: number;
  state: RotationState;
  readonly server: HttpServer;
  /** Dies as a killed process does. */
  kill(): void;
}

export interface PilotRig {
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  readonly internalPort: number;
  readonly tlsPort: number;
  /** The one that flies now. */
  readonly pilot: ChildProcess;
  /** Starts a pilot and waits until it reports. */
  fly(): Promise<void>;
  replica(name: string, handler: RequestListener): Promise<RigReplica>;
  publish(replicas: readonly RigReplica[]): void;
  route(over: Partial<RoutesFile>): void;
  stats(): GatewayStats;
  /** What the pilot has said on its standard error. */
  said(): string;
  masterPid(): number;
  /** Publishes, and waits until only workers that know these replicas accept. */
  settle(replicas: readonly RigReplica[]): Promise<void>;
  close(): Promise<void>;
}

const defaults: RoutesFile = {
  v: 1,
  routes: [{ prefix: '/', service: 'app' }],
  timeoutMs: 10_000,
  tryTimeoutMs: 5000,
  holdMs: 4000,
  bodyBytesMax: 100_000,
};

export async function createPilotRig(limits: Partial<RoutesFile> = {}, over: object = {}): Promise<PilotRig> {
  const folder = mkdtempSync(join(tmpdir(), 'hale-px-'));
  const names = ['public', 'svc:app', ...(limits.tls === undefined ? [] : ['tls'])];
  const sockets = names.map(bind);
  const spec = { kind: 'nginx', bin: 'nginx', ...over };
  const replicas: RigReplica[] = [];
  let pilot: ChildProcess | undefined;
  let words = '';
  let lives = 0;
  let seq = 0;
  let routes = { ...defaults, ...limits };
  writeRoutes(routesFile(folder), routes);
  const rig: PilotRig = {
    folder,
    url: `http://127.0.0.1:${sockets[0]!.port}`,
    port: sockets[0]!.port,
    internalPort: sockets[1]!.port,
    tlsPort: sockets[2]?.port ?? 0,
    get pilot() {
      return pilot!;
    },
    async fly() {
      const life = `LIFE${++lives}`;
      const handed = names.map((name, index) => `${name}:${index + 3}`).join(',');
      const args = ['--listeners', handed, '--runtime', folder, '--program', JSON.stringify(spec), '--grace', '1000'];
      const child = spawn(process.execPath, [main, ...args], {
        cwd: folder,
        detached: true,
        env: { ...process.env, HALE_INCARNATION: life, HALE_SYSTEM: 'rig' },
        stdio: ['ignore', 'ignore', 'pipe', ...sockets.map(({ fd }) => fd)],
      });
      pilot = child;
      child.stderr?.on('data', (bytes) => (words += bytes));
      await until(() => child.exitCode !== null || hasReported(rig, life), `pilot ${life} reports: ${words}`);
    },
    async replica(name, handler) {
      const made = await startReplica(name, handler);
      replicas.push(made);
      return made;
    },
    publish(listed) {
      const endpoints = listed.map(({ name, port, state }, ordinal) => ({
        service: 'app',
        replica: `app/${ordinal}`,
        incarnation: name,
        ...{ address: '127.0.0.1', port, zone: 'a', region: 'local', weight: 100, state, release: 1 },
      }));
      const beside = join(folder, 'table.tmp');
      writeFileSync(beside, JSON.stringify({ version: 1, system: 'test', epoch: 1, seq: ++seq, endpoints }));
      renameSync(beside, tableFile(folder));
    },
    route(change) {
      routes = { ...routes, ...change };
      writeRoutes(routesFile(folder), routes);
    },
    stats: () => JSON.parse(readFileSync(statsFile(folder, 0), 'utf8')) as GatewayStats,
    said: () => words,
    masterPid: () => JSON.parse(readFileSync(join(programFolder(folder, 'nginx'), 'nginx.json'), 'utf8')).pid,
    async settle(listed) {
      const conf = join(programFolder(folder, 'nginx'), 'nginx.conf');
      rig.publish(listed);
      await until(
        () => listed.every(({ port }) => readFileSync(conf, 'utf8').includes(`:${port} `)),
        `drawn: ${words}`,
      );
      // Born after it was drawn: an order before this one may have made new workers meanwhile, and they know the older drawing.
      const drawnMs = statSync(conf).mtimeMs;
      const isNew = () => acceptingWorkers(rig.masterPid()).every((pid) => bornMs(pid) >= drawnMs);
      await until(() => isNew() && acceptingWorkers(rig.masterPid()).length > 0, `taken over: ${words}`);
    },
    async close() {
      if (pilot !== undefined && pilot.exitCode === null && pilot.signalCode === null) {
        const ended = new Promise((resolve) => pilot?.once('exit', resolve));
        pilot.kill('SIGKILL');
        await ended;
      }
      const nginxFolder = programFolder(folder, 'nginx');
      await createProgram(
        { kind: 'nginx' },
        { clock: createSystemClock(), bin: 'nginx', folder: nginxFolder, env, say: () => {} },
      ).stop(0);
      for (const replica of replicas) replica.kill();
      for (const socket of sockets) socket.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return rig;
}

/** Unix ms of a process's start, from the kernel's clock ticks (a hundredth of a second each); 0 of one that has just gone. */
function bornMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const upMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
    return Date.now() - upMs + ticks * 10;
  } catch {
    return 0;
  }
}

function hasReported(rig: PilotRig, life: string): boolean {
  try {
    return rig.stats().incarnation === life;
  } catch {
    return false;
  }
}

async function startReplica(name: string, handler: RequestListener): Promise<RigReplica> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    name,
    server,
    port: (server.address() as AddressInfo).port,
    state: 'in',
    kill() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Bound {
  readonly fd: number;
  readonly port: number;
  close(): void;
}

/** As the keeper does it: bound, and nobody listens yet. */
function bind(): Bound {
  const make = (net as unknown as { _createServerHandle: (...words: unknown[]) => Handle })._createServerHandle;
  const handle = make('127.0.0.1', 0, 4, -1, 0);
  const out: { port?: number } = {};
  handle.getsockname(out);
  return { fd: handle.fd, port: out.port ?? 0, close: () => handle.close() };
}

interface Handle {
  readonly fd: number;
  getsockname(out: { port?: number }): number;
  close(): void;
}

/** Workers of a master that are not shutting down. */
function acceptingWorkers(master: number): number[] {
  const children = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ').map(Number);
  return children.filter((pid) => {
    try {
      return !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('shutting down');
    } catch {
      return false;
    }
  });
}
