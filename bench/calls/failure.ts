// What a call costs that goes badly: one that fails while the window is full of samples (an outage must not stall the caller's loop), and
// one that an open circuit refuses. Failing: each beside itself with an empty window, since that is the claim.
import { policy } from '@hale/resilience';
import type { Row } from '../row.ts';
import { cockatielBreaker, fail, Opossum } from './contestants.ts';
import { type Contestant, cpuOf, median } from './stopwatch.ts';

const samples = 500_000;

export async function run({ runs }: { readonly runs: number }): Promise<readonly Row[]> {
  const rounds = Math.max(5, runs);
  return [...(await failing(rounds)), ...(await refusing(rounds))];
}

/** A policy whose breaker never opens, with `count` successes in its window. */
async function filled(count: number): Promise<() => Promise<unknown>> {
  const calls = policy({ breaker: { failureRatio: 1, window: { kind: 'time', spanMs: 600_000 } } });
  for (let i = 0; i < count + 1; i++) await calls.execute(() => 1);
  return () => calls.execute(fail).catch(() => {});
}

async function failing(rounds: number): Promise<readonly Row[]> {
  const [empty, full] = [await filled(0), await filled(samples)];
  const opossums = [0, samples].map((count) => {
    const breaker = new Opossum(fail, { timeout: false, errorThresholdPercentage: 100, rollingCountTimeout: 600_000 });
    for (let i = 0; i < count; i++) breaker.status.increment('successes', (i * 7919) % 1000);
    return { breaker, call: () => breaker.fire().catch(() => {}) };
  });
  const told: number[][] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    told[0]!.push(await cpuOf(empty, 5000));
    told[1]!.push(await cpuOf(full, 5000));
    if (round > 1) continue;
    told[2]!.push(await few(opossums[0]!.call, 200));
    told[3]!.push(await few(opossums[1]!.call, 3));
  }
  for (const { breaker } of opossums) breaker.shutdown();
  const [own0 = 0, own1 = 0, peer0 = 0, peer1 = 0] = told.map(median);
  const head = { case: `a failing call, ${samples} samples in the window against 0`, peerName: 'opossum 10' };
  return [
    { ...head, metric: 'cpu', hale: own1, peer: peer1, ratio: peer1 / own1, unit: 'ns/call' },
    { ...head, metric: 'times an empty window', hale: own1 / own0, peer: peer1 / peer0, unit: 'times' },
  ];
}

/** Few calls, for what takes a quarter of a second each. */
async function few(call: () => unknown, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) await call();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}

async function refusing(rounds: number): Promise<readonly Row[]> {
  const ours = policy({ breaker: { callsMin: 1, openMs: 86_400_000, openMaxMs: 86_400_000 } });
  const opossum = new Opossum(fail, { timeout: false, resetTimeout: 1e8, errorThresholdPercentage: 1 });
  const cockatiel = cockatielBreaker();
  const isolated = cockatiel.isolate();
  await ours.execute(fail).catch(() => {});
  await opossum.fire().catch(() => {});
  const contestants: readonly Contestant[] = [
    { name: 'hale', call: () => ours.execute(fail).catch(() => {}) },
    { name: 'opossum 10', call: () => opossum.fire().catch(() => {}) },
    { name: 'cockatiel 4', call: () => cockatiel.execute(fail).catch(() => {}) },
  ];
  const seen = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (const { call } of contestants) await cpuOf(call, 20_000);
  for (let round = 0; round < rounds; round++)
    for (const { name, call } of contestants) seen.get(name)!.push(await cpuOf(call, 20_000));
  opossum.shutdown();
  isolated.dispose();
  const own = median(seen.get('hale')!);
  return ['opossum 10', 'cockatiel 4'].map((peerName) => {
    const peer = median(seen.get(peerName)!);
    return {
      case: 'refused by an open circuit',
      metric: 'cpu',
      hale: own,
      peer,
      peerName,
      ratio: peer / own,
      unit: 'ns/call',
    };
  });
}
