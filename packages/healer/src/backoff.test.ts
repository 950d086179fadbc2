// Delays between tries, and how a crash loop is told from a bad moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldDelayMs, restartDelayMs, steadyAfterMs } from './backoff.ts';
import { describeCrashLoop } from './detectors/crash-loop.ts';
import { isObserverSick, type ProbedReplica } from './detectors/observer-sick.ts';

test('the first exit waits for nothing, later ones up to min(60 s, 0.25 s x 2^n)', () => {
  assert.equal(restartDelayMs(1, 0.99), 0);
  assert.equal(restartDelayMs(2, 0.5), 250);
  assert.equal(restartDelayMs(4, 1), 2_000);
  assert.equal(restartDelayMs(40, 1), 60_000);
  assert.equal(heldDelayMs(0), 30_000);
  assert.equal(steadyAfterMs(10_000), 50_000);
});

test('losing all replicas at once is no loop; coming back five times is', () => {
  assert.equal(describeCrashLoop({ replicaExits: 1, unitExits: 12, wanted: 12 }), undefined);
  assert.match(describeCrashLoop({ replicaExits: 5, unitExits: 5, wanted: 3 }) ?? '', /5 exits/);
});

test('the observer is sick only across units, together, and with no second witness', () => {
  const fail = (unit: string, at = 10, corroborated = false): ProbedReplica => ({
    unit,
    failingSince: at,
    corroborated,
  });
  const well = (unit: string): ProbedReplica => ({ unit, failingSince: undefined, corroborated: false });
  assert.equal(isObserverSick([fail('a'), fail('b'), well('c')], false), true);
  assert.equal(isObserverSick([fail('a'), fail('a'), well('c')], false), false);
  assert.equal(isObserverSick([fail('a'), fail('b', 9_000), well('c')], false), false);
  assert.equal(isObserverSick([fail('a', 10, true), fail('b'), well('c')], false), false);
});
