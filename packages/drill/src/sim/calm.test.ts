// Pauses are no hangs: hours of loop lag and of two-second pauses kill nobody. One hour here; npm run sim -- --calm plays
// the twenty-four of the promise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playCalm } from './calm.ts';

test('an hour of 800 ms loop lag and 2 s pauses: nobody is killed, and no standby takes over', () => {
  const { kills, starts, failovers, pauses, acknowledged, breaches } = playCalm({ seed: 3, hours: 1 });
  assert.ok(pauses > 100 && acknowledged > 100_000);
  assert.deepEqual({ kills, starts, failovers, breaches }, { kills: 0, starts: 0, failovers: 0, breaches: [] });
});
