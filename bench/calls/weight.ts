// What it costs to have us at all: bytes of code that the door reaches (as it would be packed: JavaScript without types) and the time to import
// it in a fresh process, beside cockatiel's. Ours is read as the release writes it, so `npm run release -- --dry` comes first.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Row } from '../row.ts';
import { median } from './stopwatch.ts';

const ours = fileURLToPath(new URL('../../release/resilience', import.meta.url));
const cockatiel = dirname(createRequire(import.meta.url).resolve('cockatiel/package.json'));

interface Manifest {
  readonly exports: { readonly '.': { readonly default: string } };
}

export async function run({ runs }: { readonly runs: number }): Promise<readonly Row[]> {
  if (!existsSync(join(ours, 'dist'))) {
    process.stderr.write('installed size and import time are left out: run `npm run release -- --dry` first\n');
    return [];
  }
  const [own, peer] = [ours, cockatiel].map(bytesOf) as [number, number];
  const head = { peerName: 'cockatiel 4' };
  const { exports } = createRequire(import.meta.url)(join(ours, 'package.json')) as Manifest;
  const door = join(ours, exports['.'].default);
  const rounds = Math.max(5, runs);
  const times = Array.from({ length: rounds }, () => [importMs(door), importMs(esmOf(cockatiel))] as const);
  const [ownMs, peerMs] = [median(times.map(([ms]) => ms)), median(times.map(([, ms]) => ms))];
  return [
    { ...head, case: 'installed', metric: 'size', hale: own / 1000, peer: peer / 1000, ratio: peer / own, unit: 'kB' },
    {
      ...head,
      case: 'import in a fresh process',
      metric: 'time',
      hale: ownMs,
      peer: peerMs,
      ratio: peerMs / ownMs,
      unit: 'ms',
    },
  ];
}

/** Files only: a link is somebody else's weight. */
function bytesOf(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesOf(path) : entry.isFile() ? statSync(path).size : 0);
  }, 0);
}

const esmOf = (folder: string): string => createRequire(join(folder, 'x.js')).resolve('cockatiel');

/** Without the start of the process itself. */
function importMs(file: string): number {
  const script = `const t = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(performance.now() - t);`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}
