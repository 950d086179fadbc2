// A test bench for the real HAProxy: sockets bound as the keeper would, replicas that are processes of their own (so that they can be killed),
// and the configuration that a pilot would hand over. Only for *.live.test.ts; closes and ends everything it opened.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock } from '@hale/base';
import type { ProxyConfig, ProxyMember, ProxyProgram, ProxyService } from '../proxy-program.ts';
import { withSbin } from './binary.ts';
import { createHaproxy } from './program.ts';

export const haproxyBin = process.env['HALE_HAPROXY'] ?? 'haproxy';
/** Why the test is skipped, or undefined. */
export const haproxyAbsent =
  process.env['HALE_REQUIRE_REAL'] === '1' || spawnSync(haproxyBin, ['-v'], { env: withSbin(process.env) }).status === 0
    ? undefined
    : 'HAProxy is not installed: apt-get install haproxy';

export interface RigReplica extends ProxyMember {
  readonly process: ChildProcess;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
}

export interface HaproxyRig {
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly program: ProxyProgram;
  /** Another pilot of the same program. */
  pilot(): ProxyProgram;
  config(members: readonly ProxyMember[], over?: Partial<ProxyConfig>, service?: Partial<ProxyService>): ProxyConfig;
  /** A process that answers every request with its name, method, path and key: after `delayMs`, or at SIGUSR2. */
  replica(name: string, delayMs?: number | 'told'): Promise<RigReplica>;
  /** What holds requests: takes them on the hold socket. */
  holder(handler: RequestListener): Promise<void>;
  close(): Promise<void>;
}

const replicaProgram = `
const [name, delay] = process.argv.slice(1);
const server = require('node:http').createServer((req, res) => {
  const seen = { name, method: req.method, url: req.url, headers: req.headers, body: '' };
  req.on('data', (chunk) => (seen.body += chunk));
  const answer = () => res.end(JSON.stringify(seen));
  if (delay === 'told') process.once('SIGUSR2', () => req.complete && answer());
  else req.on('end', () => setTimeout(answer, Number(delay)));
});
server.keepAliveTimeout = 72000;
server.on('upgrade', (req, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n');
  socket.pipe(socket);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
`;

export async function createHaproxyRig(): Promise<HaproxyRig> {
  const folder = mkdtempSync(join(tmpdir(), 'hale-hx-'));
  const holdSocket = join(folder, 'hold.sock');
  const sockets = [bind(), bind(), bind()];
  const closers: (() => void | Promise<void>)[] = [];
  const pilot = () =>
    createHaproxy({
      bin: haproxyBin,
      folder,
      env: withSbin(process.env),
      clock: createSystemClock(),
      say: () => undefined,
    });
  const program = pilot();
  const at = (index: number) => ({ host: '127.0.0.1', port: portOf(sockets[index]!), fd: sockets[index]!.fd });
  return {
    folder,
    url: `http://127.0.0.1:${at(0).port}`,
    port: at(0).port,
    tlsPort: at(2).port,
    program,
    pilot,
    config(members, over = {}, service = {}) {
      const app: ProxyService = { name: 'app', idempotencyKeys: false, members, holdSocket, ...service };
      const tls = over.tls === undefined ? [] : [{ name: 'tls', ...at(2) }];
      return {
        listeners: [{ name: 'public', ...at(0) }, { name: 'svc:app', ...at(1) }, ...tls],
        routes: [{ prefix: '/', service: 'app' }],
        services: [app],
        tls: undefined,
        workers: 1,
        timeoutMs: 10_000,
        tryTimeoutMs: 5000,
        holdMs: 3000,
        bodyBytesMax: 100_000,
        ...over,
      };
    },
    async replica(name, delayMs = 0) {
      const child = spawn(process.execPath, ['-e', replicaProgram, name, String(delayMs)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const kill = async () => {
        child.kill('SIGKILL');
        await ended;
      };
      closers.push(kill);
      const port = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
      return {
        incarnation: name as ProxyMember['incarnation'],
        address: '127.0.0.1',
        port,
        weight: 100,
        process: child,
        kill,
      };
    },
    async holder(handler) {
      const server = createHttpServer(handler);
      await new Promise<void>((resolve) => server.listen(holdSocket, resolve));
      closers.push(() => {
        server.close();
        server.closeAllConnections();
      });
    },
    async close() {
      await program.stop(0);
      for (const each of closers) await each();
      for (const socket of sockets) socket.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface BoundHandle {
  readonly fd: number;
  getsockname(out: { port?: number }): number;
  close(): void;
}

/** Bound, and not accepted on by this process: as the keeper leaves them. */
function bind(): BoundHandle {
  const make = (net as unknown as { _createServerHandle(...of: unknown[]): BoundHandle })._createServerHandle;
  return make('127.0.0.1', 0, 4, -1, 0);
}

function portOf(handle: BoundHandle): number {
  const out: { port?: number } = {};
  handle.getsockname(out);
  return out.port ?? 0;
}
