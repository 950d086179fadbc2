// What Hale's harness costs an NGINX: the one that a pilot drives (headers, second tries, holding, witness) beside the same NGINX with a short
// configuration written by hand, in front of the same backend. One worker each, 32 connections, rounds by turns, medians. Skipped by name where
// NGINX is not installed. The backend is a third NGINX, so that it is not what is measured.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pilotArgv, writeRoutes } from '@hale/platform/gateway';
import { type Contestant, freePort, listen, startContestant } from '../gateway/contestant.ts';
import { findLoad } from '../gateway/load.ts';
import { findNginx, nginxArgv, nginxHint } from '../gateway/nginx.ts';
import type { Row } from '../row.ts';

interface Driven {
  readonly url: string;
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
    hands.push(await startContestant({ name: 'hand', argv: nginxArgv(nginx, byHand, { port, backendPort }), port }));
    driven = await startDriven(nginx, folder, backendPort);
    return await measure({ driven: driven.url, hand: `http://127.0.0.1:${port}/` }, options);
  } finally {
    driven?.stop();
    await Promise.all(hands.map((one) => one.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  urls: { readonly driven: string; readonly hand: string },
  { seconds, runs }: { readonly seconds: number; readonly runs: number },
): Promise<readonly Row[]> {
  const load = findLoad();
  const rates = { driven: [] as number[], hand: [] as number[] };
  for (const url of [urls.driven, urls.hand]) await load.measure(url, 2);
  for (let round = 0; round < runs; round++) {
    for (const name of ['driven', 'hand'] as const) {
      const { requests, seconds: took } = await load.measure(urls[name], seconds);
      rates[name].push(requests / took);
    }
  }
  const [hale, peer] = [median(rates.driven), median(rates.hand)];
  const row = { case: 'driven NGINX', metric: 'requests a second', unit: '1/s', peerName: 'NGINX, written by hand' };
  return [{ ...row, hale: Math.round(hale), peer: Math.round(peer), ratio: hale / peer }];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function backendArgv(nginx: string, folder: string, port: number): string[] {
  const own = join(folder, 'backend');
  mkdirSync(own);
  const file = join(own, 'nginx.conf');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${own};`);
  writeFileSync(
    file,
    `daemon off; master_process off; worker_processes 1; pid ${own}/nginx.pid; error_log ${own}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; ${temp.join(' ')}
  server { listen 127.0.0.1:${port}; location / { return 200 "hello"; } }
}
`,
  );
  return [nginx, '-e', `${own}/error.log`, '-c', file];
}

/** A pilot as the keeper would start it, with the NGINX that it starts. */
async function startDriven(nginx: string, folder: string, backendPort: number): Promise<Driven> {
  const place = {
    address: '127.0.0.1',
    port: backendPort,
    zone: 'a',
    region: 'local',
    weight: 100,
    state: 'in',
    release: 1,
  };
  const endpoints = [{ service: 'app', replica: 'app/0', incarnation: '01BENCH', ...place }];
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
  return { url, stop: () => stopDriven(pilot, join(folder, 'nginx', 'nginx.json')) };
}

function stopDriven(pilot: ChildProcess, noteFile: string): void {
  pilot.kill('SIGKILL');
  const { pid } = JSON.parse(readFileSync(noteFile, 'utf8')) as { pid: number };
  process.kill(-pid, 'SIGKILL');
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
