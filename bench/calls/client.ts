// What a call by `service.client` costs beside plain `undici.request`: one backend of its own process on the loopback, keep-alive, the
// body read as text, 16 calls at once; CPU of this process alone. Turns go round-robin; medians are shown. And on the
// serving side: a service with its porter (headers, tray, admission) beside plain node:http with the same handler.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createClient, createService } from '@hale/sdk';
import { Pool } from 'undici';
import { freePort, startContestant } from '../gateway/contestant.ts';
import { findLoad } from '../gateway/load.ts';
import type { Row } from '../row.ts';

const atOnce = 16;
const turns = 7;

interface Score {
  readonly cpuUs: number;
  readonly perSecond: number;
}

export async function run(options: { readonly seconds: number }): Promise<readonly Row[]> {
  return [...(await measureClient(options.seconds)), ...(await measureServer(options.seconds))];
}

async function measureClient(seconds: number): Promise<readonly Row[]> {
  const port = await freePort();
  const script = fileURLToPath(new URL('../gateway/peers/backend.ts', import.meta.url));
  const backend = await startContestant({ name: 'backend', port, argv: [process.execPath, script, String(port)] });
  const origin = `http://127.0.0.1:${port}`;
  const client = createClient({ service: 'backend', endpoints: [origin], env: {}, connectionsMax: atOnce });
  const pool = new Pool(origin, { connections: atOnce, pipelining: 1 });
  const hale = async () => void (await (await client.fetch('/')).text());
  const bare = async () => void (await (await pool.request({ path: '/', method: 'GET' })).body.text());
  try {
    const scores = { hale: [] as Score[], bare: [] as Score[] };
    await drive(hale, 1_000);
    await drive(bare, 1_000);
    for (let turn = 0; turn < turns; turn++) {
      scores.hale.push(await drive(hale, (seconds * 1_000) / turns));
      scores.bare.push(await drive(bare, (seconds * 1_000) / turns));
    }
    return rows('a call', median(scores.hale), { score: median(scores.bare), name: 'undici.request' });
  } finally {
    await Promise.all([client.close(), pool.close()]);
    await backend.stop();
  }
}

/** Both servers live in this process, so that its CPU is theirs; the load comes from another. */
async function measureServer(seconds: number): Promise<readonly Row[]> {
  const service = createService('bench', { port: 0, host: '127.0.0.1', signals: false, env: {} });
  const answer = Buffer.alloc(512, 'x');
  const handler: Parameters<typeof service.listen>[0] = (_req, res) => {
    res.writeHead(200, ['Content-Type', 'text/plain', 'Content-Length', '512']);
    res.end(answer);
  };
  const { port } = await service.listen(handler);
  const plain = createServer(handler).listen(0, '127.0.0.1');
  await new Promise((resolve) => plain.once('listening', resolve));
  const load = findLoad();
  const scores = { hale: [] as Score[], bare: [] as Score[] };
  const ports = { hale: port, bare: (plain.address() as AddressInfo).port };
  const names = ['hale', 'bare'] as const;
  try {
    for (const name of names) await load.measure(`http://127.0.0.1:${ports[name]}/`, 1);
    for (let turn = 0; turn < turns; turn++) {
      for (const name of names) {
        const before = process.cpuUsage();
        const { requests, seconds: took } = await load.measure(
          `http://127.0.0.1:${ports[name]}/`,
          Math.max(1, seconds / turns),
        );
        scores[name].push({ cpuUs: cpuUsSince(before) / requests, perSecond: requests / took });
      }
    }
    return rows('a request served', median(scores.hale), { score: median(scores.bare), name: 'node:http' });
  } finally {
    plain.closeAllConnections();
    plain.close();
    await service.drain();
  }
}

async function drive(call: () => Promise<void>, ms: number): Promise<Score> {
  const before = process.cpuUsage();
  const begun = performance.now();
  let count = 0;
  const worker = async () => {
    while (performance.now() - begun < ms) {
      await call();
      count++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { cpuUs: cpuUsSince(before) / count, perSecond: count / ((performance.now() - begun) / 1_000) };
}

function cpuUsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function median(scores: readonly Score[]): Score {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  return { cpuUs: middle(scores.map((s) => s.cpuUs)), perSecond: middle(scores.map((s) => s.perSecond)) };
}

function rows(what: string, hale: Score, peer: { readonly score: Score; readonly name: string }): readonly Row[] {
  const { score, name } = peer;
  return [
    {
      ...{ case: what, metric: 'CPU', hale: hale.cpuUs, unit: 'us' },
      ...{ peer: score.cpuUs, peerName: name, ratio: score.cpuUs / hale.cpuUs },
    },
    {
      ...{ case: what, metric: 'a second', hale: hale.perSecond, unit: '1/s' },
      ...{ peer: score.perSecond, peerName: name, ratio: hale.perSecond / score.perSecond },
    },
  ];
}
