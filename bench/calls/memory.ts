// What an idle breaker weighs and whether it holds a timer: ours (never used, used once, and the whole composed policy) beside cockatiel's and
// opossum's. Heap after a full collection over two thousand of each.
import { Breaker, policy } from '@hale/resilience';
import type { Row } from '../row.ts';
import { answer, cockatielBreaker, composed, Opossum, type OpossumBreaker } from './contestants.ts';
import { collect, turn } from './stopwatch.ts';

const count = 2000;

/** Heap in bytes of one, and intervals of its own: a peer's are unref'd, so they are counted as they are made. */
async function weigh(make: () => unknown): Promise<{ bytes: number; timers: number; made: unknown[] }> {
  const made: unknown[] = new Array(count).fill(undefined);
  await settle();
  const { setInterval: real } = globalThis;
  let intervals = 0;
  globalThis.setInterval = ((...args: Parameters<typeof real>) => {
    intervals++;
    return real(...args);
  }) as typeof real;
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) made[i] = await make();
  globalThis.setInterval = real;
  await settle();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  return { bytes, timers: (intervals + pending()) / count, made };
}

/** Timers that wait once all is quiet. */
const pending = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

async function settle(): Promise<void> {
  // Longer than the rest of the shared sweep, so that its timer is gone if it goes at all.
  await new Promise((resolve) => setTimeout(resolve, 120));
  collect();
  await turn();
  collect();
}

export async function run(): Promise<readonly Row[]> {
  await composed().execute(answer);
  const opossum = await weigh(() => new Opossum(answer, {}));
  for (const breaker of opossum.made) (breaker as OpossumBreaker).shutdown();
  const cockatiel = await weigh(() => cockatielBreaker());
  const peers = [
    { peerName: 'cockatiel 4', ...cockatiel },
    { peerName: 'opossum 10', ...opossum },
  ];
  const ours = [
    { name: 'an idle breaker', ...(await weigh(() => new Breaker({ unit: Math.random }))) },
    { name: 'an idle breaker that was used', ...(await weigh(usedBreaker)) },
    { name: 'a policy of a breaker alone, used', ...(await weigh(usedPolicy)) },
  ];
  const rows = ours.flatMap(({ name, bytes, timers }) =>
    peers.flatMap((peer): Row[] => {
      const head = { case: name, peerName: peer.peerName };
      return [
        { ...head, metric: 'heap', hale: bytes, peer: peer.bytes, ratio: peer.bytes / bytes, unit: 'B' },
        { ...head, metric: 'timers', hale: timers, peer: peer.timers, unit: 'each' },
      ];
    }),
  );
  const whole = await weigh(async () => {
    const one = composed();
    await one.execute(answer);
    return one;
  });
  return [
    ...rows,
    { case: 'a policy of retry+breaker+bulkhead+timeout, used', metric: 'heap', hale: whole.bytes, unit: 'B' },
  ];
}

function usedBreaker(): Breaker {
  const breaker = new Breaker({ unit: Math.random });
  const nowMs = performance.now();
  breaker.record(breaker.admit(nowMs), true, 1, nowMs);
  return breaker;
}

async function usedPolicy(): Promise<unknown> {
  const one = policy({ breaker: {} });
  await one.execute(answer);
  return one;
}
