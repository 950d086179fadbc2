// `npm run sim`: plays many games on all cores and says what they showed. Exit 0 only without a breach, and in a large run only if
// every remedy, refusal and transition was reached.
//
//   node packages/drill/src/sim/main.ts [--seeds N] [--from S] [--seed S] [--trace] [--json]
//   node packages/drill/src/sim/main.ts --calm        24 hours of lag, pauses and load: 0 false kills, 0 failovers, no client lost
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createSystemClock, formatDuration, randomSeed } from '@hale/base';
import type { Breach } from '../referees/referee.ts';
import { playCalm } from './calm.ts';
import { playGame } from './game.ts';
import { expected } from './tally.ts';
import { traceLine } from './trace.ts';

interface Sum {
  games: number;
  steps: number;
  counts: Record<string, number>;
  failures: { seed: number; breaches: readonly Breach[] }[];
}

const reachedFrom = 1_000;
const failuresMax = 20;
const chunk = 25;
const nurseryMb = 64;

function playRange(from: number, count: number): Sum {
  const sum: Sum = { games: 0, steps: 0, counts: {}, failures: [] };
  for (let seed = from; seed < from + count; seed++) {
    const result = playGame({ seed });
    sum.games++;
    sum.steps += result.steps;
    for (const [key, value] of Object.entries(result.tally)) sum.counts[key] = (sum.counts[key] ?? 0) + value;
    if (result.breaches.length > 0) sum.failures.push({ seed, breaches: result.breaches });
  }
  return sum;
}

function add(total: Sum, part: Sum): void {
  total.games += part.games;
  total.steps += part.steps;
  for (const [key, value] of Object.entries(part.counts)) total.counts[key] = (total.counts[key] ?? 0) + value;
  total.failures.push(...part.failures);
}

/** Deals the seeds out to one worker a core, a few at a time. */
async function playAll(from: number, count: number, progress: (done: number) => void): Promise<Sum> {
  const total: Sum = { games: 0, steps: 0, counts: {}, failures: [] };
  let next = from;
  const deal = () => {
    const job = { from: next, count: Math.min(chunk, from + count - next) };
    next += job.count;
    return job;
  };
  const crew = Array.from({ length: Math.min(availableParallelism(), Math.ceil(count / chunk)) }, () => {
    return new Promise<void>((resolve, reject) => {
      // Games make much short-lived litter: a larger nursery halves the time spent on collecting it.
      const resourceLimits = { maxYoungGenerationSizeMb: nurseryMb };
      const worker = new Worker(new URL(import.meta.url), { workerData: 'simulate', resourceLimits });
      worker.on('error', reject);
      worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
      worker.on('message', (sum: Sum) => {
        add(total, sum);
        progress(total.games);
        worker.postMessage(next < from + count ? deal() : undefined);
      });
      worker.postMessage(deal());
    });
  });
  await Promise.all(crew);
  return total;
}

function readOptions(argv: readonly string[]): {
  seeds: number;
  from: number;
  seed: number | undefined;
  trace: boolean;
  json: boolean;
} {
  const value = (name: string) => {
    const at = argv.indexOf(name);
    return at < 0 ? undefined : Number(argv[at + 1]);
  };
  return {
    seeds: value('--seeds') ?? 2_000,
    from: value('--from') ?? randomSeed(),
    seed: value('--seed'),
    trace: argv.includes('--trace'),
    json: argv.includes('--json'),
  };
}

function playOne(seed: number, trace: boolean): number {
  const result = playGame({
    seed,
    onCommand: (command, now) => {
      const line = trace ? traceLine(command, now) : undefined;
      if (line !== undefined) console.log(line);
    },
  });
  for (const breach of result.breaches)
    console.log(`BREACH ${formatDuration(breach.at)} ${breach.referee}: ${breach.what}`);
  console.log(`seed ${seed}: ${result.breaches.length} breaches, ${result.steps} steps, trace ${result.traceHash}`);
  return result.breaches.length === 0 ? 0 : 1;
}

function report(sum: Sum, of: { from: number; ms: number; json: boolean }): number {
  const zeros = sum.games >= reachedFrom ? expected.filter((key) => (sum.counts[key] ?? 0) === 0) : [];
  const failed = sum.failures.length;
  const perSecond = Math.round((sum.games / of.ms) * 1_000);
  if (of.json) {
    const { games, steps, counts } = sum;
    console.log(
      JSON.stringify({ from: of.from, games, steps, seconds: of.ms / 1_000, perSecond, failed, zeros, counts }),
    );
  } else {
    for (const key of Object.keys(sum.counts).sort()) console.log(`${String(sum.counts[key]).padStart(10)}  ${key}`);
    for (const { seed, breaches } of sum.failures.slice(0, failuresMax)) {
      const [first] = breaches;
      console.log(`BREACH seed ${seed}: ${first?.referee}: ${first?.what}`);
      console.log(`       npm run sim -- --seed ${seed} --trace`);
    }
    for (const key of zeros) console.log(`NEVER REACHED ${key}`);
    console.log(
      `${sum.games} games from seed ${of.from} (${(sum.games * 11) / 60 / 24 > 1 ? `${Math.round((sum.games * 11) / 60 / 24)} days` : `${sum.games * 11} minutes`} of virtual time) in ${formatDuration(of.ms)}: ` +
        `${perSecond} games/s, ${sum.steps} steps, ${failed} games with a breach, ${zeros.length} branches never reached`,
    );
  }
  return failed === 0 && zeros.length === 0 ? 0 : 1;
}

function playDay(): number {
  const { breaches, ...counts } = playCalm({ seed: 1, hours: 24 });
  for (const breach of breaches) console.log(`BREACH ${formatDuration(breach.at)} ${breach.referee}: ${breach.what}`);
  console.log(`24 hours of 800 ms lag, pauses of up to 2 s and a busy host: ${JSON.stringify(counts)}`);
  console.log(`${counts.failovers} failovers while ${counts.acknowledged} commits were acknowledged`);
  return breaches.length + counts.kills + counts.failovers + counts.clientsLost === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  if (process.argv.includes('--calm')) return playDay();
  const options = readOptions(process.argv.slice(2));
  if (options.seed !== undefined) return playOne(options.seed, options.trace);
  const clock = createSystemClock();
  const began = clock.mono();
  const show = process.stderr.isTTY && !options.json;
  const sum = await playAll(options.from, options.seeds, (done) => {
    if (show) process.stderr.write(`\r${done} of ${options.seeds}`);
  });
  if (show) process.stderr.write('\r');
  return report(sum, { from: options.from, ms: clock.mono() - began, json: options.json });
}

if (isMainThread) process.exitCode = await main();
else if (workerData === 'simulate') {
  parentPort?.on('message', (job: { from: number; count: number } | undefined) => {
    if (job === undefined) process.exit(0);
    parentPort?.postMessage(playRange(job.from, job.count));
  });
}
