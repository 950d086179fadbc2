// What is told to the brain, and what is held back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildReplicaObservation } from '@hale/model/testing';
import { digestOf, isWorthTelling, type Told } from './reduction.ts';

const calm = buildReplicaObservation({});
const told: Told = { atMs: 1000, digest: digestOf(calm), observation: calm };
const beating = { kind: 'beating', stalledMs: 0, longestPauseMs: 0, loopLagMs: 0, inspected: false } as const;
const exited = { kind: 'exited', code: 1, signal: undefined } as const;

const table = [
  ['nothing new', {}, 9000, false],
  ['an exit, at once', { process: exited }, 1001, true],
  ['a verdict within a quarter second', { ready: { verdict: 'fail', reason: 'x', failures: 3 } }, 1100, false],
  ['a verdict after a quarter second', { ready: { verdict: 'fail', reason: 'x', failures: 3 } }, 1250, true],
  ['a stall that has begun', { heartbeat: { ...beating, stalledMs: 500 } }, 1250, true],
  ['silence', { heartbeat: { kind: 'silent', silentMs: 1200 } }, 1250, true],
] as const;
for (const [what, over, nowMs, expected] of table)
  test(`${what}: ${expected ? 'told' : 'held back'}`, () =>
    assert.equal(isWorthTelling(told, { ...calm, ...over }, nowMs), expected));

test('an exit whose code becomes known is told again', () => {
  const unknown = { ...calm, process: { ...exited, code: undefined } };
  const before: Told = { atMs: 1000, digest: digestOf(unknown), observation: unknown };
  assert.equal(isWorthTelling(before, { ...calm, process: exited }, 1001), true);
});
test('a newcomer is told of', () => assert.equal(isWorthTelling(undefined, calm, 0), true));
