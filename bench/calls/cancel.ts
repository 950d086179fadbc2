// A caller leaves: how long until the third house hears of it. Three services, each a process of its own, one calling the next by
// `service.client`; the user at the front cuts his connection while the last one works. The moments are of one clock
// (CLOCK_MONOTONIC, shared by all processes of a machine): from the cut to the abort of `currentCall().signal`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../gateway/contestant.ts';
import type { Row } from '../row.ts';

const houses = 3;
const program = fileURLToPath(new URL('./cancel-house.ts', import.meta.url));

export async function run(options: { readonly runs: number }): Promise<readonly Row[]> {
  const cuts = options.runs * 40;
  const children: ChildProcess[] = [];
  try {
    const ports: number[] = [];
    for (let i = 0; i < houses; i++) ports.push(await freePort());
    // The last one first: whoever starts finds the next one there.
    for (let i = houses - 1; i >= 0; i--) children.push(await startHouse(ports[i]!, ports[i + 1]));
    const last = createInterface({ input: children[0]!.stdout! });
    const heard: number[] = [];
    for (let i = 0; i < cuts; i++) heard.push(await cutOnce(ports[0]!, last));
    heard.sort((a, b) => a - b);
    const at = (share: number) => heard[Math.min(heard.length - 1, Math.floor(heard.length * share))]!;
    const name = `caller leaves, heard at hop ${houses} (${cuts} cuts)`;
    return [
      { case: name, metric: 'heard', hale: (heard.length / cuts) * 100, unit: '%' },
      { case: name, metric: 'p50', hale: at(0.5), unit: 'ms' },
      { case: name, metric: 'p99', hale: at(0.99), unit: 'ms' },
    ];
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function startHouse(port: number, next: number | undefined): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(port),
      ...(next === undefined ? {} : { HALE_URL_NEXT: `http://127.0.0.1:${next}` }),
    },
  });
  child.stdout.setEncoding('utf8');
  await once(child.stdout, 'data');
  return child;
}

/** One request that reaches the last house and is cut there; gives the milliseconds until it was heard. */
async function cutOnce(port: number, last: ReturnType<typeof createInterface>): Promise<number> {
  const user = request({ port, host: '127.0.0.1', agent: false }).on('error', () => undefined);
  const reached = once(last, 'line', { signal: AbortSignal.timeout(10_000) });
  user.end();
  await reached;
  const heard = once(last, 'line', { signal: AbortSignal.timeout(10_000) });
  const cutMs = monoMs();
  user.destroy();
  const [line] = (await heard) as [string];
  return Number(line) - cutMs;
}

function monoMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
