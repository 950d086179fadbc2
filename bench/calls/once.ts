// A keyed request: ten thousand deaths in a simulated world, and what a key costs beside the same effect without one, in the same run. Both are
// programs of the sdk, started here; they print what they counted.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Row } from '../row.ts';

const runFile = promisify(execFile);
const killPoints = 10_000;

interface Campaign {
  readonly killPoints: number;
  readonly breaches: number;
  readonly worlds: number;
}

/** Runs a program of `packages/sdk/src/idempotency` and reads its one line. One that found a breach exits 1 and still says it. */
export async function runProgram<T>(name: string, args: readonly string[]): Promise<T> {
  const program = fileURLToPath(new URL(`../../packages/sdk/src/idempotency/${name}`, import.meta.url));
  const { stdout } = await runFile(process.execPath, [program, ...args], { timeout: 900_000 }).catch(
    (error: unknown) => {
      const { stdout = '' } = error as { stdout?: string };
      if (stdout.trim() === '') throw error;
      return { stdout };
    },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}

export async function run(options: { readonly seconds: number }): Promise<readonly Row[]> {
  const simulated = await runProgram<Campaign>('sim/main.ts', ['--kills', String(killPoints), '--json']);
  const cost = await runProgram<{ plain: number; keyed: number; replayed: number }>('live/cost.ts', [
    ...['--seconds', String(options.seconds)],
  ]);
  const name = `keyed POST, killed at ${simulated.killPoints} points of ${simulated.worlds} simulated worlds`;
  const plain = { peer: cost.plain, peerName: 'the same effect without a key' };
  return [
    { case: name, metric: 'doubled, lost, untrue or stuck', hale: simulated.breaches, unit: '' },
    {
      case: 'keyed POST, 8 at once',
      metric: 'requests',
      hale: cost.keyed,
      unit: '1/s',
      ...plain,
      ratio: cost.keyed / cost.plain,
    },
    {
      case: 'repeated POST, 8 at once',
      metric: 'requests',
      hale: cost.replayed,
      unit: '1/s',
      ...plain,
      ratio: cost.replayed / cost.plain,
    },
  ];
}
