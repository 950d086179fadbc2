// What watching costs: the keeper's and control's memory over a bare Node each, and their CPU, while fifty idle Node
// processes are watched; and what the preload adds to a watched process. The peer in each row is a bare Node.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Row } from '../row.ts';
import { startTempSystem } from './temp-system.ts';

const idleProgram = 'setInterval(() => {}, 1000);\n';
const config = (replicas: number) => `import { defineSystem, service } from 'hale';
export default defineSystem({
  name: 'idle',
  services: { idle: service({ run: 'idle.mjs', replicas: ${replicas}, port: false }) },
});
`;
const clockTicksPerSecond = 100;

export async function run({ seconds }: { readonly seconds: number }): Promise<readonly Row[]> {
  const processes = 50;
  const bareKb = await bareNodeKb();
  const system = await startTempSystem({ 'hale.config.ts': config(processes), 'idle.mjs': idleProgram });
  try {
    const own = findOwn(system.folder);
    const watched = findReplicas(system.folder);
    const before = own.map(cpuTicks);
    await new Promise((resolve) => setTimeout(resolve, Math.max(10, seconds) * 1000));
    const ticks = own.map(cpuTicks).reduce((sum, value, index) => sum + value - (before[index] ?? 0), 0);
    const ownKb = own.map(pssKb).reduce((sum, value) => sum + value, 0);
    const replicaKb = median(watched.map(pssKb));
    const mb = (kb: number) => Math.round(kb / 102.4) / 10;
    return [
      {
        ...{
          case: `${processes} idle processes`,
          metric: 'keeper + control, PSS',
          hale: mb(ownKb),
          peer: mb(2 * bareKb),
        },
        ...{ peerName: 'two bare Nodes', ratio: (2 * bareKb) / ownKb, unit: 'MB' },
      },
      {
        ...{
          case: `${processes} idle processes`,
          metric: 'keeper + control over bare',
          hale: mb(ownKb - 2 * bareKb),
          peer: 60,
        },
        ...{ peerName: 'aim', ratio: 60 / mb(ownKb - 2 * bareKb), unit: 'MB' },
      },
      {
        ...{ case: `${processes} idle processes`, metric: 'keeper + control, CPU' },
        hale: Math.round((ticks / clockTicksPerSecond / Math.max(10, seconds)) * 10_000) / 100,
        ...{ peer: 1, peerName: 'aim', unit: '% of a core' },
        ratio: 1 / Math.max(0.01, (ticks / clockTicksPerSecond / Math.max(10, seconds)) * 100),
      },
      {
        ...{
          case: 'one watched process',
          metric: 'with preload and watcher, PSS',
          hale: mb(replicaKb),
          peer: mb(bareKb),
        },
        ...{ peerName: 'bare Node', ratio: bareKb / replicaKb, unit: 'MB' },
      },
    ];
  } finally {
    await system.close();
  }
}

async function bareNodeKb(): Promise<number> {
  const children = Array.from({ length: 5 }, () => spawn(process.execPath, ['-e', idleProgram], { stdio: 'ignore' }));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const sizes = children.map((child) => pssKb(child.pid ?? 0));
  for (const child of children) child.kill('SIGKILL');
  return median(sizes);
}

interface Found {
  readonly pid: number;
  readonly replica: string;
  readonly root: string;
}

function marked(folder: string): readonly Found[] {
  const { id } = JSON.parse(readFileSync(`${folder}/.hale/system.json`, 'utf8')) as { id: string };
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const variables = readOrEmpty(`/proc/${name}/environ`).split('\0');
    if (!variables.includes(`HALE_SYSTEM=${id}`)) return [];
    const replica = variables.find((text) => text.startsWith('HALE_REPLICA='))?.slice('HALE_REPLICA='.length) ?? '';
    return [{ pid: Number(name), replica, root: folder }];
  });
}

function findOwn(folder: string): readonly number[] {
  const { pid } = JSON.parse(readFileSync(runtimeFile(folder), 'utf8')) as { pid: number };
  const control = marked(folder).filter((one) => one.replica === 'hale/control');
  return [...new Set([pid, ...control.map((one) => one.pid)])];
}

function runtimeFile(folder: string): string {
  const { id } = JSON.parse(readFileSync(`${folder}/.hale/system.json`, 'utf8')) as { id: string };
  const base = process.env['HALE_RUNTIME_DIR'] ?? `/tmp/hale-${process.getuid?.() ?? 0}/${id.slice(0, 8)}`;
  return `${base}/keeper.json`;
}

const findReplicas = (folder: string) =>
  marked(folder)
    .filter((one) => one.replica.startsWith('idle/'))
    .map((one) => one.pid);

function pssKb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
}

function cpuTicks(pid: number): number {
  const fields = readOrEmpty(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
