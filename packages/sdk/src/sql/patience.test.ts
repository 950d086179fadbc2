// However the timer and the clock disagree, whoever waits is told when time is up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { createPatience } from './patience.ts';

const never = new Promise<never>(() => {});
const late = () => new Error('late');

test('who waits is told when time is up, and who begins to wait later is told at once', async () => {
  const clock = createVirtualClock();
  const patience = createPatience(clock, 100);
  const waiting = assert.rejects(patience.within(never, late), /late/);
  await clock.advance(100);
  await waiting;
  assert.equal(patience.remainingMs(), 0);
  await assert.rejects(patience.within(never, late), /late/);
});

test('a timer that fires before its time ends the waiting for good: it does not fire again', async () => {
  const virtual = createVirtualClock();
  let behindMs = 0;
  const early = { ...virtual, mono: () => virtual.mono() - behindMs };
  const patience = createPatience(early, 100);
  const waiting = assert.rejects(patience.within(never, late), /late/);
  behindMs = 0.4;
  await virtual.advance(100);
  await waiting;
  assert.ok(early.mono() < patience.dueMs, 'by the clock it is not time yet');
  assert.equal(patience.remainingMs(), 0);
  await assert.rejects(patience.within(never, late), /late/);
});
