// The gateway's table: one worker with every policy on, beside http-proxy, a bare undici stream proxy and NGINX. One backend, keep-alive both
// ways, 32 connections, the same two cores. Rounds go round-robin so that a noisy neighbour falls on all alike; medians are shown.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerArgv, writeRoutes } from '@hale/platform/gateway';
import type { Row } from '../row.ts';
import { type Contestant, freePort, listen, startContestant } from './contestant.ts';
import { findLoad, type Load } from './load.ts';
import { findNginx, nginxArgv, nginxHint } from './nginx.ts';

const rounds = 5;
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface Score {
  readonly rps: number;
  readonly cpuUs: number;
}

/** Measures all contestants and compares ours with each peer. */
export async function run(options: { readonly seconds: number }): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hale-bench-'));
  const contestants: Contestant[] = [];
  try {
    const backendPort = await freePort();
    const backend = { name: 'backend', argv: [process.execPath, here('./peers/backend.ts'), String(backendPort)] };
    contestants.push(await startContestant({ ...backend, port: backendPort }));
    contestants.push(await startHale(folder, backendPort));
    for (const peer of ['http-proxy', 'bare-undici']) {
      const port = await freePort();
      const argv = [process.execPath, here(`./peers/${peer}.ts`), String(port), String(backendPort)];
      contestants.push(await startContestant({ name: peer, argv, port }));
    }
    const nginx = findNginx();
    if (nginx === undefined) process.stderr.write(`nginx is not installed and is left out: ${nginxHint}\n`);
    else {
      const port = await freePort();
      const argv = nginxArgv(nginx, folder, { port, backendPort });
      contestants.push(await startContestant({ name: 'nginx', argv, port }));
    }
    return compare(await measureAll(contestants.slice(1), findLoad(), options.seconds));
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The worker as the keeper would start it: table and routes in files, the socket inherited. */
async function startHale(folder: string, backendPort: number): Promise<Contestant> {
  const endpoint = {
    service: 'app',
    replica: 'app/0',
    incarnation: '01BENCH',
    address: '127.0.0.1',
    port: backendPort,
  };
  const place = { zone: 'a', region: 'local', weight: 100, state: 'in', release: 1 };
  const table = { version: 1, system: 'bench', epoch: 1, seq: 1, endpoints: [{ ...endpoint, ...place }] };
  writeFileSync(join(folder, 'table.json'), JSON.stringify(table));
  const limits = { timeoutMs: 30_000, tryTimeoutMs: 10_000, holdMs: 10_000, bodyBytesMax: 1_000_000 };
  writeRoutes(join(folder, 'routes.json'), { v: 1, routes: [{ prefix: '/', service: 'app' }], ...limits });
  const { server, port } = await listen();
  const argv = workerArgv({ listeners: ['public'], runtimeDir: folder });
  return startContestant({ name: 'hale', argv, port, listening: server });
}

async function measureAll(
  contestants: readonly Contestant[],
  load: Load,
  seconds: number,
): Promise<ReadonlyMap<string, Score>> {
  const scores = new Map<string, Score[]>(contestants.map(({ name }) => [name, []]));
  for (const { port } of contestants) await load.measure(`http://127.0.0.1:${port}/`, 2);
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      const before = contestant.cpuMs();
      const { requests, seconds: took } = await load.measure(`http://127.0.0.1:${contestant.port}/`, seconds);
      const cpuUs = ((contestant.cpuMs() - before) * 1000) / requests;
      scores.get(contestant.name)!.push({ rps: requests / took, cpuUs });
    }
  }
  return new Map([...scores].map(([name, all]) => [name, medianOf(all)]));
}

function medianOf(scores: readonly Score[]): Score {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  return { rps: middle(scores.map((score) => score.rps)), cpuUs: middle(scores.map((score) => score.cpuUs)) };
}

function compare(scores: ReadonlyMap<string, Score>): readonly Row[] {
  const ours = scores.get('hale')!;
  return [...scores].flatMap(([peerName, peer]): Row[] => {
    if (peerName === 'hale') return [];
    const head = { case: 'GET 512 B, 1 worker, 32 keep-alive connections', peerName };
    return [
      { ...head, metric: 'throughput', hale: ours.rps, peer: peer.rps, ratio: ours.rps / peer.rps, unit: 'requests/s' },
      {
        ...head,
        metric: 'cpu',
        hale: ours.cpuUs,
        peer: peer.cpuUs,
        ratio: peer.cpuUs / ours.cpuUs,
        unit: 'us/request',
      },
    ];
  });
}
