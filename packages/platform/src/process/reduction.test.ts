// What is told to the brain, and what is held back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildReplicaObservation } from '@hale/model/testing';
import { isWorthTelling, noteTold, type Told } from './reduction.ts';

const calm = buildReplicaObservation({});
const told: Told = noteTold(undefined, calm, 1000);
const beating = { kind: 'beating', stalledMs: 0, longestPauseMs: 0, loopLagMs: 0, inspected: false } as const;
const exited = { kind: 'exited', code: 1, signal: undefined } as const;

const table = [
  ['nothing new', {}, 9000, false],
  ['an exit, at once', { process: exited }, 1001, true],
  ['a verdict within a quarter second', { ready: { verdict: 'fail', reason: 'x', failures: 3 } }, 1100, true],
  ['one more failure within a quarter second', { ready: { verdict: 'pass', reason: 'x', failures: 1 } }, 1100, false],
  ['a verdict after a quarter second', { ready: { verdict: 'fail', reason: 'x', failures: 3 } }, 1250, true],
  ['a stall that has begun', { heartbeat: { ...beating, stalledMs: 500 } }, 1250, true],
  ['silence', { heartbeat: { kind: 'silent', silentMs: 1200 } }, 1250, true],
] as const;
for (const [what, over, nowMs, expected] of table)
  test(`${what}: ${expected ? 'told' : 'held back'}`, () =>
    assert.equal(isWorthTelling(told, { ...calm, ...over }, nowMs), expected));

test('an exit whose code becomes known is told again', () => {
  const unknown = { ...calm, process: { ...exited, code: undefined } };
  const before = noteTold(undefined, unknown, 1000);
  assert.equal(isWorthTelling(before, { ...calm, process: exited }, 1001), true);
});
test('one that is stopped, and shows nothing else, is told of every half second: how long is counted from look to look', () => {
  const stopped = { ...calm, process: { kind: 'stopped' } } as const;
  const before = noteTold(undefined, stopped, 1000);
  assert.equal(isWorthTelling(before, stopped, 1400), false);
  assert.equal(isWorthTelling(before, stopped, 1500), true);
});
test('where the log of a database ends is told every few seconds while it moves; that what it writes does not arrive, at once', () => {
  const database = { role: 'primary', term: 1, logEnd: 100, streaming: true, lagMs: undefined, unsharedMs: 0 } as const;
  const before = noteTold(undefined, { ...calm, startedAt: -60_000, database }, 1000);
  const next = (over: object) => ({ ...calm, startedAt: -60_000, database: { ...database, ...over } });
  assert.equal(isWorthTelling(before, next({ logEnd: 200 }), 3000), false);
  assert.equal(isWorthTelling(before, next({ logEnd: 200 }), 6000), true);
  assert.equal(isWorthTelling(before, next({}), 9000), false);
  assert.equal(isWorthTelling(before, next({ unsharedMs: 900 }), 1300), true);
});
test('a database whose disk is full, or that does not answer, is told of every other second; one that is well is not', () => {
  const database = { role: 'primary', term: 1, logEnd: 1, streaming: true, lagMs: undefined } as const;
  for (const disk of ['full', 'free'] as const) {
    const seen = { ...calm, database: { ...database, disk } };
    const before = noteTold(undefined, seen, 1000);
    assert.equal(isWorthTelling(before, seen, 2_900), false);
    assert.equal(isWorthTelling(before, seen, 3_000), disk === 'full');
  }
  const deaf = { ...calm, database, ready: { verdict: 'fail', reason: 'x', failures: 9 } } as const;
  assert.equal(isWorthTelling(noteTold(undefined, deaf, 1000), deaf, 3_000), true, 'nor is one that does not answer');
  const before = noteTold(undefined, { ...calm, database: { ...database, disk: 'free' } }, 1000);
  assert.equal(isWorthTelling(before, { ...calm, database: { ...database, disk: 'full' } }, 1250), true);
});
test('a newcomer is told of', () => assert.equal(isWorthTelling(undefined, calm, 0), true));

test('a verdict that flickers is told four times a second and no more', () => {
  let last = told;
  let tellings = 1;
  for (let nowMs = 1010; nowMs < 2000; nowMs += 10) {
    const verdict = last.observation.ready.verdict === 'pass' ? 'fail' : 'pass';
    const next = { ...calm, ready: { verdict, reason: undefined, failures: 0 } } as const;
    if (!isWorthTelling(last, next, nowMs)) continue;
    last = noteTold(last, next, nowMs);
    tellings++;
  }
  assert.ok(tellings <= 7, `${tellings}`);
});
