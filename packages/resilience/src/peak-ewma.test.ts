// The brake and the slow trust: jumps up at once, forgets by time, and a quick failure is a long wait. Against a twin that replays all samples.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPeakEwma } from './peak-ewma.ts';

const options = { decayMs: 10_000, penaltyMs: 1000, nowMs: 0 };

test('a peak replaces the average at once, and decays by 63 % in the decay time', () => {
  const ewma = createPeakEwma(options);
  ewma.succeeded(5, 0);
  ewma.succeeded(100, 10);
  assert.equal(ewma.cost(10), 100);
  assert.ok(Math.abs(ewma.cost(10_010) - 100 / Math.E) < 0.001);
});

test('failing half the time in 1 ms costs about half the penalty', () => {
  const ewma = createPeakEwma(options);
  for (let ms = 1; ms <= 60_000; ms++) {
    if (ms % 2 === 0) ewma.failed(1, ms);
    else ewma.succeeded(1, ms);
  }
  const cost = ewma.cost(60_000);
  assert.ok(cost > 400 && cost < 600, String(cost));
});

interface Sample {
  readonly afterMs: number;
  readonly ms: number;
  readonly ok: boolean;
}

/** The definition, replayed from the first sample each time. */
function replay(samples: readonly Sample[]): number {
  let average = 0;
  for (const { afterMs, ms, ok } of samples) {
    const keep = Math.exp(-afterMs / options.decayMs);
    const blended = average * keep + (ok ? ms : Math.max(ms, options.penaltyMs)) * (1 - keep);
    if (ok) average = ms > average ? ms : blended;
    else average = Math.max(blended, ms);
  }
  return average;
}

test('against the replayed definition; never negative, never above the worst seen', () => {
  const sample = fc.record({ afterMs: fc.nat(5000), ms: fc.nat(3000), ok: fc.boolean() });
  const property = fc.property(fc.array(sample, { maxLength: 40 }), (samples) => {
    const ewma = createPeakEwma(options);
    let nowMs = 0;
    for (const { afterMs, ms, ok } of samples) {
      nowMs += afterMs;
      if (ok) ewma.succeeded(ms, nowMs);
      else ewma.failed(ms, nowMs);
    }
    const worst = Math.max(0, ...samples.map((each) => (each.ok ? each.ms : Math.max(each.ms, options.penaltyMs))));
    const cost = ewma.cost(nowMs);
    assert.ok(cost >= 0 && cost <= worst + 1e-6);
    assert.ok(Math.abs(cost - replay(samples)) < 1e-6, `${cost} ${replay(samples)}`);
  });
  fc.assert(property, { seed: 23, numRuns: 300 });
});
