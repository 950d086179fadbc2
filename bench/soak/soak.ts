// The busy machine: the shop under load while programs that only spin take every core. Nothing is wrong with anybody, so nobody may be
// replaced: each life that is gone at the end, and each incident that acted, is a false action. The row to look at must be 0.
// A shop of its own in a temporary folder; everything it started is gone afterwards.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository, typeHale } from '../heartbeat/temp-system.ts';
import type { Row } from '../row.ts';

/** What is looked at of `hale ps --json`. */
interface Picture {
  readonly replicas: readonly { readonly replica: string; readonly incarnation?: string; readonly restarts: number }[];
  readonly incidents: readonly {
    readonly title: string;
    readonly outcome: string;
    readonly remedies: readonly unknown[];
  }[];
}

interface Tally {
  asked: number;
  failed: number;
  loadMax: number;
}

const spinners = 4;
const askEveryMs = 20;
const askTimeoutMs = 30_000;
const paths = ['/prices/tea', '/catalog', '/inventory/tea', '/prices/lamp'] as const;

export async function run({ minutes }: { readonly minutes: number }): Promise<readonly Row[]> {
  const folder = copyShop();
  const spinning: ChildProcess[] = [];
  try {
    await typeHale(folder, 'up', '--detach', '--wait');
    const before = await look(folder);
    for (let i = 0; i < spinners; i++) spinning.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
    const tally = await ask(folder, minutes * 60_000);
    for (const one of spinning) one.kill('SIGKILL');
    return rowsOf(before, await look(folder), { tally, minutes });
  } finally {
    for (const one of spinning) one.kill('SIGKILL');
    await typeHale(folder, 'down').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyShop(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hale-soak-'));
  cpSync(join(repository, 'examples/shop'), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('/.hale') && !path.endsWith('/node_modules'),
  });
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  const config = join(folder, 'hale.config.ts');
  writeFileSync(config, readFileSync(config, 'utf8').replace(/port: \d+/, 'port: 0'));
  return folder;
}

async function look(folder: string): Promise<Picture> {
  return JSON.parse(await typeHale(folder, 'ps', '--json')) as Picture;
}

/** A steady trickle through the gateway, open loop: who answers late does not slow it down. */
async function ask(folder: string, forMs: number): Promise<Tally> {
  const { ports } = JSON.parse(readFileSync(join(folder, '.hale/system.json'), 'utf8')) as {
    ports: { public: number };
  };
  const tally: Tally = { asked: 0, failed: 0, loadMax: 0 };
  const until = performance.now() + forMs;
  const under = new Set<Promise<void>>();
  while (performance.now() < until) {
    const path = paths[tally.asked++ % paths.length] ?? '/';
    const one = fetch(`http://127.0.0.1:${ports.public}${path}`, { signal: AbortSignal.timeout(askTimeoutMs) })
      .then(async (response) => {
        await response.arrayBuffer();
        if (response.status >= 500) tally.failed++;
      })
      .catch(() => void tally.failed++)
      .finally(() => under.delete(one));
    under.add(one);
    tally.loadMax = Math.max(tally.loadMax, loadavg()[0] ?? 0);
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
  await Promise.all(under);
  return tally;
}

function rowsOf(before: Picture, after: Picture, { tally, minutes }: { tally: Tally; minutes: number }): Row[] {
  const lives = new Map(before.replicas.map((one) => [one.replica, one.incarnation]));
  const gone = after.replicas.filter((one) => lives.get(one.replica) !== one.incarnation);
  const acted = after.incidents.filter((one) => one.remedies.length > 0);
  const suspicions = after.incidents.length - before.incidents.length;
  for (const { replica } of gone) process.stderr.write(`${replica} has another life than before\n`);
  for (const { title } of after.incidents) process.stderr.write(`incident: ${title}\n`);
  const name = `${minutes} min, ${spinners} spinning programs`;
  return [
    { case: name, metric: 'false actions', hale: gone.length + acted.length, unit: '' },
    { case: name, metric: 'suspicions that went away', hale: suspicions - acted.length, unit: '' },
    { case: name, metric: 'requests', hale: tally.asked, unit: '' },
    { case: name, metric: 'failed requests', hale: tally.failed, unit: '' },
    { case: name, metric: 'highest load average', hale: tally.loadMax, unit: '' },
  ];
}
