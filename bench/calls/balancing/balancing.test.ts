// The bottle in short, so that a change which makes the balancer worse is seen by whoever makes it: ten hosts and an odd one, some seconds, fixed seeds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns, hale } from './columns.ts';
import { failingWithin, healthy, slowWithin, stable } from './profiles.ts';
import { type Backend, quantile, simulate } from './simulation.ts';

const seed = 42;

function run(name: string, odd: Backend) {
  const create = columns.find((column) => column.name === name)!.create;
  const backends = [...Array.from({ length: 10 }, () => healthy), odd];
  return simulate({ backends, create, seed, qps: 1250, durationMs: 4000 });
}

test(`a slow one in the middle: no worse than any other usher (seed ${seed})`, () => {
  const odd = { latencyMs: slowWithin(1, 4, 10), isFailing: () => false };
  const [ours, ewma, least] = [hale.name, 'p2c ewma', 'least loaded'].map((name) => run(name, odd));
  for (const other of [ewma!, least!]) {
    for (const q of [0.5, 0.99]) {
      const [mine, theirs] = [quantile(ours!.latenciesMs, q), quantile(other.latenciesMs, q)];
      assert.ok(mine <= 1.05 * theirs, `p${q * 100}: ${mine} against ${theirs}`);
    }
  }
  assert.ok(ours!.sent[10]! < 200, `${ours!.sent[10]} of ${ours!.latenciesMs.length}, 114 of them while it was well`);
});

test(`one that fails: five requests, and one for each look after its sentence (seed ${seed})`, () => {
  const odd = { latencyMs: stable, isFailing: failingWithin(1, 1e9) };
  assert.ok(run(hale.name, odd).failed <= 7);
});

test('the same seed gives the same run', () => {
  assert.deepEqual(run(hale.name, healthy), run(hale.name, healthy));
});
