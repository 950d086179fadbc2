// The traps: how many of the eight (and the steps of the clock) we pass, by running policy/traps.test.ts as it is;
// and how long an abort takes to settle by the real clock in each place where a call can wait, beside cockatiel.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { policy } from '@hale/resilience';
import * as cockatiel from 'cockatiel';
import type { Row } from '../row.ts';
import { answer, fail } from './contestants.ts';
import { median } from './stopwatch.ts';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const hung = () => new Promise<never>(() => {});

export async function run({ runs }: { readonly runs: number }): Promise<readonly Row[]> {
  const ours = await settleTimes(runs, haleWaits);
  const theirs = await settleTimes(1, cockatielWaits);
  const aborts = Object.entries(ours).map(([place, ms]): Row => {
    const head = { case: `an abort in ${place}`, metric: 'settles after', hale: ms, unit: 'ms' };
    const peer = theirs[place];
    return peer === undefined ? head : { ...head, peer, peerName: 'cockatiel 4', ratio: peer / Math.max(ms, 0.01) };
  });
  return [...ownTraps(), ...aborts];
}

/** The test file says which trap each test is by its number. */
function ownTraps(): readonly Row[] {
  const file = fileURLToPath(new URL('../../packages/resilience/src/policy/traps.test.ts', import.meta.url));
  const argv = ['--test', '--test-isolation=none', '--test-reporter=tap', file];
  const { stdout } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    env: { ...process.env, NODE_TEST_CONTEXT: '' },
  });
  const passed = new Map<string, boolean>();
  for (const [, not, trap] of stdout.matchAll(/^(not )?ok \d+ - (\d): /gm))
    passed.set(trap!, (passed.get(trap!) ?? true) && not === undefined);
  const count = [...passed.values()].filter(Boolean).length;
  const what = 'the eight traps, clock steps of an hour both ways within the second';
  return [{ case: what, metric: 'passed', hale: count, unit: 'of 8' }];
}

type Wait = (signal: AbortSignal) => Promise<unknown>;

/** Ms from the abort, which comes after 50 ms of waiting, to the rejection. */
async function settleTimes(
  runs: number,
  make: () => Promise<Readonly<Record<string, Wait>>>,
): Promise<Readonly<Record<string, number>>> {
  const seen: Record<string, number[]> = {};
  for (let i = 0; i < runs; i++) {
    for (const [place, wait] of Object.entries(await make())) {
      const leaver = new AbortController();
      let over = Number.NaN;
      const settled = wait(leaver.signal)
        .catch(() => {})
        .then(() => {
          over = performance.now();
        });
      await sleep(50);
      const abortedMs = performance.now();
      leaver.abort();
      await Promise.race([settled, sleep(2000)]);
      const tookMs = (Number.isNaN(over) ? performance.now() : over) - abortedMs;
      seen[place] = [...(seen[place] ?? []), tookMs];
    }
  }
  return Object.fromEntries(Object.entries(seen).map(([place, all]) => [place, median(all)]));
}

async function haleWaits(): Promise<Readonly<Record<string, Wait>>> {
  const backing = policy({ retry: { backoff: { kind: 'constant', baseMs: 1500 } } });
  const full = policy({ bulkhead: { concurrentMax: 1, queueMax: 10 } });
  const broken = policy({ breaker: { callsMin: 1, openMs: 1 } });
  await broken.execute(fail).catch(() => {});
  await sleep(5);
  return {
    backoff: (signal) => backing.execute(fail, { signal }),
    'the queue': (signal) => {
      full.execute(() => sleep(1500)).catch(() => {});
      return full.execute(answer, { signal });
    },
    'half-open': (signal) => broken.execute(hung, { signal }),
  };
}

async function cockatielWaits(): Promise<Readonly<Record<string, Wait>>> {
  const { handleAll } = cockatiel;
  const backing = cockatiel.retry(handleAll, { maxAttempts: 1, backoff: new cockatiel.ConstantBackoff(1500) });
  const full = cockatiel.bulkhead(1, 10);
  return {
    backoff: (signal) => backing.execute(fail, signal),
    'the queue': (signal) => {
      full.execute(() => sleep(1500)).catch(() => {});
      return full.execute(answer, signal);
    },
  };
}
