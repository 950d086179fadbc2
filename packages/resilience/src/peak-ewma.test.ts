// The brake and the slow trust: jumps up at once, forgets by time, and a quick failure is a long wait. Against a twin that replays all samples.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import fc from 'fast-check';
import { createPeakEwma } from './peak-ewma.ts';

const options = { decayMs: 10_000, nowMs: 0 };
const penaltyMs = 1000;

test('a peak replaces the average at once, and decays by 63 % in the decay time', () => {
  const ewma = createPeakEwma(options);
  ewma.succeeded(5, 0);
  ewma.succeeded(100, 10);
  assert.equal(ewma.cost(10, penaltyMs), 100);
  assert.ok(Math.abs(ewma.cost(10_010, penaltyMs) - 100 / Math.E) < 0.001);
});

test('failing half the time in 1 ms costs about half the penalty; forgiven, only what the successes took', () => {
  const ewma = createPeakEwma(options);
  for (let ms = 1; ms <= 60_000; ms++) {
    if (ms % 2 === 0) ewma.failed(1, ms);
    else ewma.succeeded(1, ms);
  }
  const cost = ewma.cost(60_000, penaltyMs);
  assert.ok(cost > 400 && cost < 600, String(cost));
  ewma.forgive();
  assert.ok(Math.abs(ewma.cost(60_000, penaltyMs) - 1) < 0.01);
});

test('a failure in 1 ms does not make a slow host look fast', () => {
  const ewma = createPeakEwma(options);
  ewma.succeeded(50, 0);
  for (let ms = 1; ms <= 100; ms++) ewma.failed(1, ms);
  assert.ok(ewma.cost(100, 0) >= 49);
});

interface Sample {
  readonly afterMs: number;
  readonly ms: number;
  readonly ok: boolean;
}

/** The definition, replayed from the first sample each time. */
function replay(samples: readonly Sample[]): number {
  let average = 0;
  let failing = 0;
  let sinceMs = 0;
  for (const { afterMs, ms, ok } of samples) {
    sinceMs += afterMs;
    const keep = Math.exp(-sinceMs / options.decayMs);
    failing = failing * 0.9 + (ok ? 0 : 0.1);
    if (ms > average) average = ms;
    else if (ok) average = average * keep + ms * (1 - keep);
    sinceMs = 0;
  }
  return average + failing * penaltyMs;
}

test('against the replayed definition; never negative, never above the worst seen and the penalty', () => {
  const sample = fc.record({ afterMs: fc.nat(5000), ms: fc.nat(3000), ok: fc.boolean() });
  const property = fc.property(fc.array(sample, { maxLength: 40 }), (samples) => {
    const ewma = createPeakEwma(options);
    let nowMs = 0;
    for (const { afterMs, ms, ok } of samples) {
      nowMs += afterMs;
      if (ok) ewma.succeeded(ms, nowMs);
      else ewma.failed(ms, nowMs);
    }
    const worst = Math.max(0, ...samples.map((each) => each.ms)) + penaltyMs;
    const cost = ewma.cost(nowMs, penaltyMs);
    assert.ok(cost >= 0 && cost <= worst + 1e-6);
    assert.ok(Math.abs(cost - replay(samples)) < 1e-6 * penaltyMs, `${cost} ${replay(samples)}`);
  });
  fc.assert(property, { seed: 23, numRuns: tries(100, 1_000) });
});
