// Pauses are no hangs: hours of loop lag and of two-second pauses kill nobody. Twenty minutes in the check, an hour in npm test;
// npm run sim -- --calm plays the twenty-four of the promise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import { playCalm } from './calm.ts';

test('800 ms of loop lag and pauses of 2 s all the time: nobody is killed, and no standby takes over', () => {
  const { pauses, acknowledged, clientsLed, suspicions: _, ...rest } = playCalm({ seed: 3, hours: tries(1 / 3, 1) });
  assert.ok(pauses > 100 && acknowledged > 100_000 && clientsLed === 4);
  assert.deepEqual(rest, { kills: 0, starts: 0, failovers: 0, clientsLost: 0, breaches: [] });
});
