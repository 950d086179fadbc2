// What Hale's harness costs an NGINX: the one that a pilot drives (headers, second tries, holding, witness) beside the same NGINX with the configuration
// that a careful person writes by hand (the same headers, timeouts and second tries), in front of the same backend. One worker each, 32 connections,
// rounds by turns; requests a second and CPU a request, which other work on the machine disturbs less. Skipped by name where NGINX is not installed.
// The backend is a third NGINX, so that it is not what is measured.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pilotArgv, writeRoutes } from '@hale/platform/gateway';
import { type Contestant, freePort, listen, startContestant } from '../gateway/contestant.ts';
import { findLoad } from '../gateway/load.ts';
import { findNginx, nginxHint } from '../gateway/nginx.ts';
import type { Row } from '../row.ts';

/** Two replicas, one program: each address of the loopback is a host to NGINX. */
const backendHosts = ['127.0.0.1', '127.0.0.2'];

interface Runner {
  readonly url: string;
  /** Those that serve. */
  readonly pids: () => readonly number[];
}

interface Driven extends Runner {
  stop(): void;
}

export async function run(options: { readonly seconds: number; readonly runs: number }): Promise<readonly Row[]> {
  const nginx = findNginx();
  if (nginx === undefined) {
    process.stderr.write(`driven NGINX beside a hand-written one is left out: ${nginxHint}\n`);
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'hale-bn-'));
  const hands: Contestant[] = [];
  let driven: Driven | undefined;
  try {
    const backendPort = await freePort();
    hands.push(
      await startContestant({ name: 'backend', argv: backendArgv(nginx, folder, backendPort), port: backendPort }),
    );
    const port = await freePort();
    const byHand = join(folder, 'hand');
    mkdirSync(byHand);
    hands.push(await startContestant({ name: 'hand', argv: handArgv(nginx, byHand, { port, backendPort }), port }));
    driven = await startDriven(nginx, folder, backendPort);
    const pidFile = join(byHand, 'nginx.pid');
    const hand = { url: `http://127.0.0.1:${port}/`, pids: () => [Number(readFileSync(pidFile, 'utf8'))] };
    return await measure({ driven, hand }, options);
  } finally {
    driven?.stop();
    await Promise.all(hands.map((one) => one.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  runners: { readonly driven: Runner; readonly hand: Runner },
  { seconds, runs }: { readonly seconds: number; readonly runs: number },
): Promise<readonly Row[]> {
  const load = findLoad();
  const rates = { driven: [] as number[], hand: [] as number[] };
  const costs = { driven: [] as number[], hand: [] as number[] };
  // Long enough for the driven one to see how busy it is, and to watch less closely.
  for (const { url } of [runners.hand, runners.driven]) await load.measure(url, 4).catch(() => undefined);
  for (let round = 0; round < runs; round++) {
    for (const name of round % 2 === 0 ? (['driven', 'hand'] as const) : (['hand', 'driven'] as const)) {
      const before = cpuUsOf(runners[name].pids());
      const { requests, seconds: took } = await load.measure(runners[name].url, seconds);
      rates[name].push(requests / took);
      costs[name].push((cpuUsOf(runners[name].pids()) - before) / requests);
    }
  }
  const row = { case: 'driven NGINX', peerName: 'NGINX, written by hand with care' };
  const [rate, handRate, cost, handCost] = [rates.driven, rates.hand, costs.driven, costs.hand].map(median) as [
    number,
    number,
    number,
    number,
  ];
  return [
    { ...row, metric: 'requests a second', unit: '1/s', hale: rate, peer: handRate, ratio: rate / handRate },
    { ...row, metric: 'CPU a request', unit: 'us', hale: cost, peer: handCost, ratio: handCost / cost },
  ];
}

/** CPU microseconds, user and system, as the scheduler has them. */
function cpuUsOf(pids: readonly number[]): number {
  const nanos = pids.map((pid) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]));
  return nanos.reduce((sum, each) => sum + each, 0) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** What somebody writes who has read the manual, for a service of two replicas that are to be tried in turn. */
function handArgv(nginx: string, folder: string, ports: { port: number; backendPort: number }): string[] {
  const file = join(folder, 'nginx.conf');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder};`);
  const servers = backendHosts.map((host) => `server ${host}:${ports.backendPort} max_fails=3 fail_timeout=1s;`);
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    file,
    `${user} daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log crit;
events { worker_connections 10000; }
http {
  access_log off; server_tokens off; tcp_nodelay on; ${temp.join(' ')}
  keepalive_timeout 65s; keepalive_requests 1000000;
  upstream backend {
    zone backend 128k; least_conn; ${servers.join(' ')}
    keepalive 128; keepalive_timeout 4s; keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${ports.port};
    client_max_body_size 0; client_body_buffer_size 128k;
    location / {
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_connect_timeout 2s; proxy_read_timeout 11s; proxy_send_timeout 10s;
      proxy_next_upstream error timeout; proxy_next_upstream_timeout 30s;
    }
  }
}
`,
  );
  return [nginx, '-e', `${folder}/error.log`, '-c', file];
}

function backendArgv(nginx: string, folder: string, port: number): string[] {
  const own = join(folder, 'backend');
  mkdirSync(own);
  const file = join(own, 'nginx.conf');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${own};`);
  const listens = backendHosts.map((host) => `listen ${host}:${port};`).join(' ');
  writeFileSync(
    file,
    `daemon off; master_process off; worker_processes 1; pid ${own}/nginx.pid; error_log ${own}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; ${temp.join(' ')}
  server { ${listens} location / { return 200 "hello"; } }
}
`,
  );
  return [nginx, '-e', `${own}/error.log`, '-c', file];
}

/** A pilot as the keeper would start it, with the NGINX that it starts. */
async function startDriven(nginx: string, folder: string, backendPort: number): Promise<Driven> {
  const place = {
    port: backendPort,
    zone: 'a',
    region: 'local',
    weight: 100,
    state: 'in',
    release: 1,
  };
  const endpoints = backendHosts.map((address, ordinal) => ({
    service: 'app',
    replica: `app/${ordinal}`,
    incarnation: `01BENCH${ordinal}`,
    address,
    ...place,
  }));
  writeFileSync(
    join(folder, 'table.json'),
    JSON.stringify({ version: 1, system: 'bench', epoch: 1, seq: 1, endpoints }),
  );
  const limits = { timeoutMs: 30_000, tryTimeoutMs: 10_000, holdMs: 10_000, bodyBytesMax: 1_000_000 };
  writeRoutes(join(folder, 'routes.json'), { v: 1, routes: [{ prefix: '/', service: 'app' }], ...limits });
  const sockets = [await listen(), await listen()];
  const program = { kind: 'nginx', bin: nginx, include: undefined } as const;
  const argv = pilotArgv({ listeners: ['public', 'svc:app'], runtimeDir: folder, program, workers: 1 });
  const fds = sockets.map(({ server }) => (server as unknown as { _handle: { fd: number } })._handle.fd);
  const pilot = spawn(argv[0] ?? '', argv.slice(1), { cwd: folder, stdio: ['ignore', 'ignore', 'ignore', ...fds] });
  for (const { server } of sockets) server.close();
  const url = `http://127.0.0.1:${sockets[0]?.port}/`;
  await untilAnswers(url);
  const noteFile = join(folder, 'nginx', 'nginx.json');
  const master = () => (JSON.parse(readFileSync(noteFile, 'utf8')) as { pid: number }).pid;
  const pids = () => readFileSync(`/proc/${master()}/task/${master()}/children`, 'utf8').trim().split(' ').map(Number);
  return { url, pids, stop: () => stopDriven(pilot, master()) };
}

function stopDriven(pilot: ChildProcess, master: number): void {
  pilot.kill('SIGKILL');
  process.kill(-master, 'SIGKILL');
}

async function untilAnswers(url: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const isUp = await fetch(url, { signal: AbortSignal.timeout(2000) }).then(
      (res) => res.arrayBuffer().then(() => res.ok),
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the driven NGINX did not answer');
}
