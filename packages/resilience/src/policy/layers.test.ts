// Each part of a policy that stands around or inside of the retry, through the policy: bulkhead and adaptive limit, fallback, cache, rate limit,
// client throttle, hedge, fault injection.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flaky, setUp, status } from './stage.ts';

const queueCases = [
  { order: 'fifo', expected: ['a', 'b', 'c'] },
  { order: 'lifo', expected: ['a', 'c', 'b'] },
] as const;
for (const { order, expected } of queueCases) {
  test(`bulkhead: ${order}, a full line refuses, nothing is left behind`, async () => {
    const { run, calls, time, after, events } = setUp({ bulkhead: { concurrentMax: 1, queueMax: 2, order } });
    const seen: string[] = [];
    const asked = ['a', 'b', 'c', 'd'].map((name) =>
      calls.execute(async () => {
        seen.push(name);
        return after(10)();
      }),
    );
    const all = await time.settled(Promise.allSettled(asked));
    assert.deepEqual(seen, expected);
    assert.equal((all[3] as PromiseRejectedResult).reason.code, 'HALE_RESILIENCE_FULL');
    assert.ok(events.some((event) => event.kind === 'refused' && event.by === 'bulkhead'));
    assert.deepEqual([calls.snapshot().inFlight, calls.snapshot().queued, calls.snapshot().limit], [0, 0, 1]);
    assert.equal((await run(() => 1)).value, 1);
  });
}

test('bulkhead: waitMaxMs and the deadline end a wait', async () => {
  const { calls, time, after } = setUp({ bulkhead: { concurrentMax: 1, queueMax: 9, waitMaxMs: 50 } });
  calls.execute(after(1000)).catch(() => {});
  await assert.rejects(time.settled(calls.execute(() => 1)), { code: 'HALE_RESILIENCE_FULL' });
  await assert.rejects(time.settled(calls.execute(() => 1, { timeoutMs: 20 })), { code: 'HALE_RESILIENCE_TIMEOUT' });
  assert.equal(time.nowMs, 70);
});

test('adaptiveLimit: refuses when the other side bears no more', async () => {
  const { calls, time, after } = setUp({ adaptiveLimit: { initial: 2, min: 1, max: 4 } });
  const all = await time.settled(
    Promise.allSettled([1, 2, 3, 4, 5, 6].map(() => calls.execute(after(10), { priority: 'critical' }))),
  );
  const codes = all.map((one) => (one.status === 'rejected' ? one.reason.code : 'ok'));
  assert.deepEqual([codes.filter((code) => code === 'ok').length, new Set(codes).size], [2, 2]);
  assert.ok(calls.snapshot().limit >= 1 && calls.snapshot().inFlight === 0);
});

test('fallback answers, is told, and hangs out its sign until the real thing answers', async () => {
  const { run, kinds, degraded, time } = setUp({ fallback: { name: 'prices', answer: () => 'cached price' } });
  assert.equal((await run(flaky(1).call)).value, 'cached price');
  assert.ok(kinds().includes('fallback'));
  assert.equal(degraded.state(time.nowMs).kind, 'degraded');
  await run(() => 'real');
  assert.equal(degraded.state(time.nowMs).kind, 'whole');
});

test('cache and coalescing by key: one call for many, and none while it is fresh', async () => {
  const { calls, time, after } = setUp({ cache: { ttlMs: 1000 }, timeoutMs: 500 });
  let made = 0;
  const call = () => {
    made++;
    return after(10, made)();
  };
  const ask = () => calls.execute(call, { key: 'k' });
  assert.deepEqual(await time.settled(Promise.all([ask(), ask(), ask()])), [1, 1, 1]);
  assert.equal(await time.settled(ask()), 1);
  await time.advance(1001);
  assert.equal(await time.settled(ask()), 2);
});

test('rateLimit refuses beyond its rate, and waits where it may', async () => {
  const { run } = setUp({ rateLimit: { perSecond: 1, burst: 1 } });
  assert.equal((await run(() => 1)).value, 1);
  assert.equal((await run(() => 1)).code, 'HALE_RESILIENCE_RATE_LIMITED');
  const patient = setUp({ rateLimit: { perSecond: 1, burst: 1, waitMaxMs: 2000 } });
  await patient.run(() => 1);
  assert.equal((await patient.run(() => 1)).atMs, 1000);
});

test('an abort while waiting for a turn settles at once', async () => {
  const { calls, time } = setUp({ rateLimit: { perSecond: 1, waitMaxMs: 5000 } });
  await calls.execute(() => 1);
  const leaver = new AbortController();
  const call = calls.execute(() => 1, { signal: leaver.signal });
  await time.advance(10);
  leaver.abort(new Error('left'));
  await assert.rejects(call, { message: 'left' });
  assert.equal(time.nowMs, 10);
});

test('clientThrottle stops asking a side that refuses everything', async () => {
  const { run } = setUp({ clientThrottle: {} });
  for (let i = 0; i < 50; i++) await run(flaky(1, status(503)).call);
  let throttled = 0;
  for (let i = 0; i < 50; i++)
    if ((await run(flaky(1, status(503)).call)).code === 'HALE_RESILIENCE_THROTTLED') throttled++;
  assert.ok(throttled > 20, `${throttled} of 50`);
});

test('hedge starts a second leg, the faster wins, and each leg has its own timeout', async () => {
  const { run, time, kinds, after } = setUp({ hedge: { safe: true, extraLoad: 0.05 }, timeoutMs: 400 });
  for (let i = 0; i < 60; i++) await run(after(10));
  const beganMs = time.nowMs;
  let legs = 0;
  const told = await run(() => after(++legs === 1 ? 300 : 20, legs)());
  assert.deepEqual([told.value, legs], [2, 2]);
  assert.ok(told.atMs - beganMs < 60, `${told.atMs - beganMs}`);
  assert.ok(kinds().includes('hedge'));
  assert.equal((await run(() => new Promise(() => {}))).code, 'HALE_RESILIENCE_TIMEOUT');
});

test('faultInjection fails by its dice, inside of the retry and the breaker', async () => {
  const { run, calls, kinds } = setUp({
    faultInjection: { rate: 1, error: () => new Error('drill') },
    breaker: {},
    retry: { retriesMax: 1 },
  });
  assert.equal((await run(() => 1)).code, 'drill');
  assert.equal(calls.snapshot().breaker?.failed, 2);
  assert.ok(kinds().includes('faultInjected'));
});

const refusers = [
  { by: 'limit', settings: (enforce: number) => ({ adaptiveLimit: { initial: 1, max: 1, enforce } }) },
  { by: 'rateLimit', settings: (enforce: number) => ({ rateLimit: { perSecond: 0.001, enforce } }) },
] as const;
for (const { by, settings } of refusers) {
  for (const enforce of [0, 1]) {
    test(`a refusal by ${by} is told with its priority, and whether it was carried out: enforce ${enforce}`, async () => {
      const { calls, time, after, events } = setUp(settings(enforce));
      const asked = [1, 2].map(() => calls.execute(after(10), { priority: 'critical' }));
      const all = await time.settled(Promise.allSettled(asked));
      assert.equal(all.filter(({ status: ended }) => ended === 'fulfilled').length, enforce === 0 ? 2 : 1);
      const told = events.filter((event) => event.kind === 'refused');
      assert.deepEqual(told, [{ kind: 'refused', atMs: 0, by, priority: 'critical', carriedOut: enforce === 1 }]);
    });
  }
}

test('a throttled critical call is told as a critical one', async () => {
  const { run, events } = setUp({ clientThrottle: {} });
  for (let i = 0; i < 200; i++) await run(flaky(1, status(503)).call, { priority: 'critical' });
  const told = events.find((event) => event.kind === 'refused');
  assert.deepEqual([told?.by, told?.priority, told?.carriedOut], ['throttle', 'critical', true]);
});
