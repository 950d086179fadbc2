// Overload that goes on: open-loop demand against a server of ten workers, in virtual time, for minutes. The replays of open issues of
// Netflix/concurrency-limits are named by their number. Seeded; the seed is in the name of what fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { tries } from '@hale/base/testing';
import { createAdaptiveLimit } from './adaptive-limit.ts';
import type { Priority } from './carried.ts';

const workers = 10;
const meanMs = 50;

interface Demand {
  /** In capacities. */
  readonly times: number;
  readonly seconds: number;
  readonly seed: number;
  readonly timeoutMs?: number;
  readonly priority?: (dice: number) => Priority;
}

/** Calls that come by chance and take an exponential time, first come, first served by ten workers behind the limit. */
function load({ times, seconds, seed, timeoutMs = Number.POSITIVE_INFINITY, priority = () => 'normal' }: Demand) {
  const { unit } = createRng(seed);
  const limit = createAdaptiveLimit({ unit });
  const freeAtMs = new Array<number>(workers).fill(0);
  const inside: { readonly beganMs: number; readonly endsMs: number }[] = [];
  const limits: number[] = [];
  const came = { critical: 0, normal: 0, sheddable: 0 };
  const served = { critical: 0, normal: 0, sheddable: 0 };
  let busyMs = 0;
  for (let atMs = 0; atMs < seconds * 1000; ) {
    atMs += (-Math.log(1 - unit()) * meanMs) / (workers * times);
    while (inside.length > 0 && inside[0]!.endsMs <= atMs) {
      const { beganMs, endsMs } = inside.shift()!;
      const rttMs = endsMs - beganMs;
      limit.release(rttMs >= timeoutMs ? 'dropped' : 'ok', rttMs, endsMs);
    }
    const who = priority(unit());
    came[who]++;
    if (!limit.tryAcquire(atMs, who)) continue;
    served[who]++;
    const worker = freeAtMs.indexOf(Math.min(...freeAtMs));
    const workMs = -Math.log(1 - unit()) * meanMs;
    freeAtMs[worker] = Math.max(atMs, freeAtMs[worker]!) + workMs;
    busyMs += workMs;
    const endsMs = Math.min(freeAtMs[worker]!, atMs + timeoutMs);
    let place = inside.length;
    while (place > 0 && inside[place - 1]!.endsMs > endsMs) place--;
    inside.splice(place, 0, { beganMs: atMs, endsMs });
    limits.push(limit.limit);
  }
  const part = (from: number, to: number) => {
    const some = limits.slice(from * limits.length, to * limits.length);
    return some.reduce((sum, one) => sum + one, 0) / some.length;
  };
  return { limit, part, came, served, busyShare: busyMs / (workers * seconds * 1000) };
}

test('concurrency-limits#134: modest overload for minutes does not make the limit drift up', () => {
  for (let seed = 1; seed <= tries(2, 20); seed++) {
    const { part, busyShare } = load({ times: 1.2, seconds: 240, seed });
    // Over forty seeds it lies between 2.0 and 2.5 times the workers, the median at 2.2: what chance does, and no drift.
    assert.ok(part(0.75, 1) < 2.7 * workers, `seed ${seed}: ${part(0.75, 1)}`);
    assert.ok(part(0.75, 1) < 1.4 * part(0.25, 0.5), `seed ${seed}: drift`);
    assert.ok(busyShare > 0.9, `seed ${seed}: busy ${busyShare}`);
  }
});

test('concurrency-limits#137: when every call times out the limit falls to its minimum instead of climbing', () => {
  const { limit } = load({ times: 3, seconds: 30, seed: 3, timeoutMs: 5 });
  assert.ok(limit.limit < 3, String(limit.limit));
});

test('concurrency-limits#165: the latency without a queue does not ratchet up under steady overload', () => {
  const { limit, part } = load({ times: 5, seconds: 120, seed: 4 });
  // The median of an exponential time of 50 ms is 35 ms.
  assert.ok(limit.baselineMs! < 1.5 * 35, String(limit.baselineMs));
  assert.ok(part(0.5, 1) > 0.95 * workers && part(0.5, 1) < 2.2 * workers, String(part(0.5, 1)));
});

test('without overload nobody is refused', () => {
  const { came, served } = load({ times: 0.7, seconds: 60, seed: 5 });
  assert.ok(served.normal / came.normal > 0.999, String(served.normal / came.normal));
});

test('priorities: the sheddable go first, the critical hardly ever', () => {
  const priority = (dice: number): Priority => (dice < 0.1 ? 'critical' : dice < 0.4 ? 'normal' : 'sheddable');
  const { came, served } = load({ times: 3, seconds: 60, seed: 6, priority });
  assert.ok(served.critical / came.critical > 0.97, String(served.critical / came.critical));
  assert.ok(served.sheddable / came.sheddable < 0.1, String(served.sheddable / came.sheddable));
});
