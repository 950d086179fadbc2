// The eight traps that other libraries were caught in (each reproduced there), and a clock that steps an hour: none of them here. Time is virtual.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker } from '../breaker.ts';
import { LatencyHistogram } from '../latency-histogram.ts';
import { createDice, createVirtualTime } from '../testing.ts';
import { policy } from './policy.ts';
import type { PolicySettings } from './settings.ts';
import type { CallContext } from './types.ts';

const broken = async (): Promise<never> => {
  throw new Error('broken');
};
const hung = () => new Promise<never>(() => {});

function setUp(settings: PolicySettings) {
  const time = createVirtualTime();
  const calls = policy(settings, { clock: time.clock, unit: createDice(1).unit });
  const failing = () => time.settled(calls.execute(broken)).catch(() => {});
  const kind = () => calls.snapshot().breaker?.kind;
  const later = (ms: number) => (context: CallContext) =>
    new Promise<string>((resolve, reject) => {
      const timer = time.clock.after(ms, () => resolve('late'));
      context.signal.addEventListener('abort', () => {
        timer.cancel();
        reject(context.signal.reason);
      });
    });
  return { time, calls, failing, kind, later };
}

test('1: failures of an hour ago do not count (cockatiel: the window moves by writes)', async () => {
  const { time, failing, kind } = setUp({ breaker: { callsMin: 10 } });
  for (let i = 0; i < 9; i++) await failing();
  await time.advance(3_600_000);
  await failing();
  assert.equal(kind(), 'closed');
});

for (const stepMs of [-3_600_000, 3_600_000]) {
  test(`2: a wall clock that steps by ${stepMs / 3_600_000} h changes no break (cockatiel: Date.now)`, async () => {
    const { time, calls, failing, kind } = setUp({ breaker: { callsMin: 1, openMs: 1000 }, timeoutMs: 500 });
    await failing();
    assert.equal(kind(), 'open');
    time.stepWall(stepMs);
    await assert.rejects(time.settled(calls.execute(() => 1)), { code: 'HALE_RESILIENCE_OPEN' });
    await time.advance(1001);
    assert.equal(await time.settled(calls.execute(() => 1)), 1);
    assert.equal(kind(), 'closed');
  });
}

test('3: a hung probe keeps nobody waiting, and has failed when its time is over (cockatiel: 1000 of 1000 wait)', async () => {
  const { time, calls, failing, kind } = setUp({ breaker: { callsMin: 1, openMs: 10, probeTimeoutMs: 1000 } });
  await failing();
  await time.advance(11);
  const probe = calls.execute(hung);
  probe.catch(() => {});
  const crowd = await Promise.allSettled(Array.from({ length: 1000 }, () => calls.execute(() => 1)));
  assert.equal(crowd.filter(({ status }) => status === 'rejected').length, 1000);
  assert.equal(time.nowMs, 11);
  assert.equal(kind(), 'halfOpen');
  await time.advance(1000);
  await assert.rejects(
    calls.execute(() => 1),
    { code: 'HALE_RESILIENCE_OPEN' },
  );
  assert.equal(kind(), 'open');
});

test('4: an abort in backoff settles at once (cockatiel: 1503 ms)', async () => {
  const backoff = { kind: 'constant', baseMs: 1500 } as const;
  const { time, calls } = setUp({ retry: { backoff } });
  const leaver = new AbortController();
  const call = calls.execute(broken, { signal: leaver.signal });
  await time.advance(50);
  leaver.abort(new Error('left'));
  await assert.rejects(call, { message: 'left' });
  assert.equal(time.nowMs, 50);
});

test('5: an abort in the queue settles at once and frees the place in it (cockatiel: 1502 ms)', async () => {
  const { time, calls, later } = setUp({ bulkhead: { concurrentMax: 1, queueMax: 1 } });
  const first = calls.execute(later(1500));
  const leaver = new AbortController();
  const call = calls.execute(() => 1, { signal: leaver.signal });
  await time.advance(50);
  leaver.abort(new Error('left'));
  await assert.rejects(call, { message: 'left' });
  assert.deepEqual([time.nowMs, calls.snapshot().queued], [50, 0]);
  const second = calls.execute(() => 2);
  assert.deepEqual([await time.settled(first), await time.settled(second)], ['late', 2]);
});

test('6: a call begun before the circuit opened decides nothing in half-open (opossum: closes it)', async () => {
  const { time, calls, failing, kind, later } = setUp({ breaker: { callsMin: 1, openMs: 60 } });
  const old = calls.execute(later(120));
  await failing();
  await time.advance(61);
  const probe = calls.execute(later(100));
  assert.equal(kind(), 'halfOpen');
  assert.equal(await time.settled(old), 'late');
  assert.equal(kind(), 'halfOpen');
  await time.settled(probe);
  assert.equal(kind(), 'closed');
});

test('7: a timeout stops its own call and no sibling (opossum: one controller for all)', async () => {
  const { time, calls, later } = setUp({ timeoutMs: 100 });
  const slow = calls.execute(later(500));
  slow.catch(() => {});
  await time.advance(60);
  const healthy = calls.execute(later(70));
  await assert.rejects(time.settled(slow), { code: 'HALE_RESILIENCE_TIMEOUT' });
  assert.equal(await time.settled(healthy), 'late');
});

test('8: a failing call finds the same window whatever went through it (opossum: sorts every latency)', () => {
  // The time is a row of the bench; here: nothing grows with the calls.
  const breaker = new Breaker({ settings: { failureRatio: 1 }, unit: () => 0 });
  const latency = new LatencyHistogram();
  const numbersKept = () => JSON.stringify([breaker, latency]).split(',').length;
  const after = (count: number) => {
    for (let i = 0; i < count; i++) {
      breaker.record(breaker.admit(i), i === count - 1, 1000, i);
      latency.add(i === 0 ? 1000 : i % 1000, i);
    }
    return numbersKept();
  };
  assert.equal(after(100), after(500_000));
});

test('an abort in half-open settles at once and gives the probe back', async () => {
  const { time, calls, failing, kind } = setUp({ breaker: { callsMin: 1, openMs: 10 } });
  await failing();
  await time.advance(11);
  const leaver = new AbortController();
  const probe = calls.execute(hung, { signal: leaver.signal });
  leaver.abort(new Error('left'));
  await assert.rejects(probe, { message: 'left' });
  assert.equal(time.nowMs, 11);
  assert.equal(await calls.execute(() => 1), 1);
  assert.equal(kind(), 'closed');
});
