// The round of the night watchman, with hands that turn the clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { createVirtualClock } from '@hale/base/testing';
import type { ProbeSpec } from '@hale/model';
import type { CheckResult } from './launcher.ts';
import { startProbe } from './probe-loop.ts';

const spec: ProbeSpec = {
  check: { kind: 'tcp' },
  everyMs: { steady: 1000, suspicious: 200, down: 500 },
  timeoutMs: 300,
  failures: 3,
  successes: 1,
  withinMs: 60_000,
};
const pass: CheckResult = { kind: 'pass' };
const fail: CheckResult = { kind: 'fail', reason: 'refused' };

function watch(answer: (signal: AbortSignal) => Promise<CheckResult>) {
  const clock = createVirtualClock();
  const checkedAt: number[] = [];
  const probe = startProbe({
    spec,
    clock,
    rng: createRng(1),
    check: (signal) => {
      checkedAt.push(clock.mono());
      return answer(signal);
    },
    onChange: () => {},
  });
  /** Turns the clock in small steps, letting promises settle in between. */
  const turn = async (ms: number) => {
    for (let step = 0; step < ms; step += 10) {
      clock.advance(10);
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  };
  return { probe, checkedAt, turn };
}

test('passes at once, fails after three in a row, passes again after one', async () => {
  let now: CheckResult = pass;
  const { probe, turn, checkedAt } = watch(() => Promise.resolve(now));
  await turn(100);
  assert.equal(probe.observation.verdict, 'pass');
  now = fail;
  await turn(1200);
  const failing = checkedAt.length;
  await turn(600);
  assert.equal(probe.observation.verdict, 'fail');
  assert.equal(probe.observation.reason, 'refused');
  assert.ok(checkedAt.length > failing, 'a suspicion is looked at sooner');
  now = pass;
  await turn(600);
  assert.deepEqual(probe.observation, { verdict: 'pass', reason: undefined, failures: 0 });
  probe.stop();
});

test('a check that hangs is aborted in time, and never overlaps with the next', async () => {
  let running = 0;
  let most = 0;
  const { probe, turn } = watch((signal) => {
    most = Math.max(most, ++running);
    return new Promise((resolve) =>
      signal.addEventListener('abort', () => {
        running--;
        resolve({ kind: 'fail', reason: 'late' });
      }),
    );
  });
  await turn(3000);
  assert.equal(most, 1);
  assert.equal(probe.observation.verdict, 'fail');
  probe.stop();
  await turn(1000);
  assert.equal(running, 0);
});
