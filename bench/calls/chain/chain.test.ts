// The chain in short: a leaf that dies in the middle of the day gets hardly more than it did, and what happens without a purse is what everybody says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amplification, type Death } from './simulation.ts';

const seed = 7;

test(`a dead leaf behind five services with three retries each gets at most 1.2 x what is offered (seed ${seed})`, () => {
  for (const death of ['fails', 'hangs'] satisfies Death[]) {
    const options = { restraint: 'purse', death, qps: 100, seed, deadFromMs: 5000, durationMs: 16_000 } as const;
    const load = amplification(options);
    assert.ok(load <= 1.2, `${death}: ${load}`);
  }
});

test(`with nothing but the number of tries it gets 256 (seed ${seed})`, () => {
  const options = { restraint: 'tries', death: 'fails', qps: 2, seed, deadFromMs: 0, durationMs: 14_000 } as const;
  const load = amplification(options);
  assert.ok(load > 200, String(load));
});
