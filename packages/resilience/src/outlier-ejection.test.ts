// The bench: its seats, its sentences, and panic. Against a twin that checks every rule on every step.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createOutlierEjection, type Ejectable, type EjectionOptions } from './outlier-ejection.ts';

const options: EjectionOptions = { consecutiveErrors: 3, baseMs: 100, maxMs: 1000, shareMax: 0.3, panicRatio: 0.5 };
const fresh = (): Ejectable => ({ errorsInRow: 0, timesEjected: 0, ejectedUntilMs: 0 });

test('sentences double up to the longest, and a lasting recovery wipes the record', () => {
  const ejection = createOutlierEjection(options);
  const team = [fresh(), fresh()];
  const host = team[0]!;
  const lengths: number[] = [];
  let nowMs = 0;
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 3; i++) ejection.failed(host, team, nowMs);
    lengths.push(host.ejectedUntilMs - nowMs);
    nowMs = host.ejectedUntilMs;
  }
  assert.deepEqual(lengths, [100, 200, 400, 800, 1000, 1000]);
  ejection.succeeded(host, nowMs + 500);
  assert.equal(host.timesEjected, 6);
  ejection.succeeded(host, nowMs + 1001);
  assert.equal(host.timesEjected, 0);
});

test('the only host is never sent off; panic below half', () => {
  const ejection = createOutlierEjection(options);
  const alone = [fresh()];
  for (let i = 0; i < 10; i++) assert.equal(ejection.failed(alone[0]!, alone, 0), false);
  const out = { ...fresh(), ejectedUntilMs: 10 };
  assert.equal(ejection.isPanic([out, fresh()], 0), false);
  assert.equal(ejection.isPanic([out, { ...out }, fresh()], 0), true);
});

test('never more on the bench than seats; only after that many errors in a row', () => {
  const step = fc.record({ host: fc.nat(9), ok: fc.boolean(), waitMs: fc.nat(60) });
  const property = fc.property(fc.integer({ min: 1, max: 10 }), fc.array(step, { maxLength: 200 }), (size, steps) => {
    const ejection = createOutlierEjection(options);
    const team = Array.from({ length: size }, fresh);
    const inRow = new Array<number>(size).fill(0);
    const seats = size < 2 ? 0 : Math.max(1, Math.floor(size * options.shareMax));
    let nowMs = 0;
    for (const { host: at, ok, waitMs } of steps) {
      nowMs += waitMs;
      const index = at % size;
      inRow[index] = ok ? 0 : inRow[index]! + 1;
      if (ok) ejection.succeeded(team[index]!, nowMs);
      else if (ejection.failed(team[index]!, team, nowMs)) {
        assert.ok(inRow[index]! >= options.consecutiveErrors);
        inRow[index] = 0;
      }
      const out = team.filter((host) => ejection.isOut(host, nowMs)).length;
      assert.ok(out <= seats, `${out} of ${seats}`);
    }
  });
  fc.assert(property, { seed: 24, numRuns: 200 });
});
