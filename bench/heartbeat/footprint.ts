// What watching costs: memory (PSS) of the keeper and of control beside a bare Node, their CPU while fifty idle Node processes
// are watched, and what the preload adds to a watched process. Printed, never asserted.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Row } from '../row.ts';
import { cpuSeconds, median, processesOf, pssMb } from './proc-reading.ts';
import { startTempSystem } from './temp-system.ts';

const processes = 50;
const settleMs = 10_000;
const watchSecondsMin = 10;
const idleProgram = 'setInterval(() => {}, 1000);\n';
const config = `import { defineSystem, service } from 'hale';
export default defineSystem({
  name: 'idle',
  services: { idle: service({ run: 'idle.mjs', replicas: ${processes}, port: false }) },
});
`;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function run({ seconds }: { readonly seconds: number }): Promise<readonly Row[]> {
  const bareMb = await bareNodeMb();
  const system = await startTempSystem({ 'hale.config.ts': config, 'idle.mjs': idleProgram });
  try {
    await pause(settleMs);
    const marked = processesOf(system.id);
    const control = marked.filter(({ replica }) => replica === 'hale/control').map(({ pid }) => pid);
    const watched = marked.filter(({ replica }) => replica.startsWith('idle/')).map(({ pid }) => pid);
    const keeper = (JSON.parse(readFileSync(`${system.runtimeDir}/keeper.json`, 'utf8')) as { pid: number }).pid;
    const own = [...new Set([keeper, ...control])];
    const watchSeconds = Math.max(watchSecondsMin, seconds);
    const before = own.map(cpuSeconds).reduce((sum, value) => sum + value, 0);
    await pause(watchSeconds * 1000);
    const used = own.map(cpuSeconds).reduce((sum, value) => sum + value, 0) - before;
    return rowsOf({
      bareMb,
      keeperMb: pssMb(keeper),
      controlMb: Math.max(0, ...control.filter((pid) => pid !== keeper).map(pssMb)),
      watchedMb: median(watched.map(pssMb)),
      watchedCount: watched.length,
      corePercent: (used / watchSeconds) * 100,
    });
  } finally {
    await system.close();
  }
}

interface Footprint {
  readonly bareMb: number;
  readonly keeperMb: number;
  readonly controlMb: number;
  readonly watchedMb: number;
  readonly watchedCount: number;
  readonly corePercent: number;
}

function rowsOf(of: Footprint): readonly Row[] {
  const round = (value: number) => Math.round(value * 100) / 100;
  const beside = (metric: string, mb: number, given: { peer: number; peerName: string }): Row => ({
    case: `${of.watchedCount} idle processes watched`,
    metric,
    hale: round(mb),
    unit: 'MiB PSS',
    peer: round(given.peer),
    peerName: given.peerName,
    ratio: round(given.peer / mb),
  });
  const bare = { peer: of.bareMb, peerName: 'bare Node' };
  const both = of.keeperMb + of.controlMb;
  const plain = { case: `${of.watchedCount} idle processes watched` };
  return [
    beside('keeper', of.keeperMb, bare),
    beside('control', of.controlMb, bare),
    beside('one watched process, with preload and watcher', of.watchedMb, bare),
    { ...plain, metric: 'keeper + control over two bare Nodes', hale: round(both - 2 * of.bareMb), unit: 'MiB PSS' },
    { ...plain, metric: 'keeper + control, CPU', hale: round(of.corePercent), unit: '% of a core' },
  ];
}

/** Ten of them, so that shared pages are as shared as they are among the watched. */
async function bareNodeMb(): Promise<number> {
  const children = Array.from({ length: 10 }, () => spawn(process.execPath, ['-e', idleProgram], { stdio: 'ignore' }));
  await pause(2_000);
  const sizes = children.map((child) => pssMb(child.pid ?? 0));
  for (const child of children) child.kill('SIGKILL');
  return median(sizes);
}
