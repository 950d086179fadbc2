// That the bound is a bound: evidence against the exact chance, summed up term by term.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evidence } from './outlier-ejection-windows.ts';

/** The chance of `hits` or more in `tries`, by the definition. */
function chance(hits: number, tries: number, share: number): number {
  let total = 0;
  let ways = 1;
  for (let k = 0; k <= tries; k++) {
    if (k >= hits) total += ways * share ** k * (1 - share) ** (tries - k);
    ways = (ways * (tries - k)) / (k + 1);
  }
  return total;
}

test('e^-evidence is never below the chance that a well host comes as far', () => {
  for (const share of [0.01, 0.05, 0.25, 0.6, 0.9]) {
    for (let tries = 1; tries <= 40; tries++) {
      for (let hits = 0; hits <= tries; hits++) {
        const bound = Math.exp(-evidence(hits, tries, share));
        assert.ok(chance(hits, tries, share) <= bound + 1e-12, `${hits} of ${tries} at ${share}`);
      }
    }
  }
});

test('no surprise, no evidence; a share of all or more can surprise nobody', () => {
  assert.equal(evidence(1, 4, 0.25), 0);
  assert.equal(evidence(4, 4, 1), 0);
  assert.equal(evidence(4, 4, 1.4), 0);
  assert.ok(Math.abs(evidence(12, 12, 0.25) - 12 * Math.log(4)) < 1e-9);
});
