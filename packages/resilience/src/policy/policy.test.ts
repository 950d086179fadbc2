// The policy as its users meet it: each setting does what it says, each way a call can end is told, and what is left over afterwards is nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HaleError } from '@hale/base';
import { createDegradedRegistry } from '../degraded.ts';
import { createDice, createVirtualTime } from '../testing.ts';
import { sweepOf } from '../timer-sweep.ts';
import type { PolicyEvent } from './events.ts';
import { policy } from './policy.ts';
import type { PolicySettings } from './settings.ts';
import type { Call, CallContext, ExecuteOptions } from './types.ts';

const constant = { kind: 'constant', baseMs: 100 } as const;

function setUp(settings: PolicySettings) {
  const time = createVirtualTime();
  const degraded = createDegradedRegistry();
  const calls = policy(settings, { clock: time.clock, unit: createDice(3).unit, degraded });
  const events: PolicyEvent[] = [];
  calls.on((event) => events.push(event));
  const run = (call: Call<unknown>, options?: ExecuteOptions) =>
    time.settled(calls.execute(call, options)).then(
      (value) => ({ value, code: undefined, atMs: time.nowMs }),
      (error) => ({ value: undefined, code: String(error.code ?? error.message), error, atMs: time.nowMs }),
    );
  const after =
    (ms: number, value: unknown = 'ok') =>
    () =>
      new Promise((resolve) => void time.clock.after(ms, () => resolve(value)));
  const kinds = () => events.map(({ kind }) => kind);
  return { time, calls, events, kinds, run, after, degraded };
}

/** Fails `failures` times with `error`, then answers 'ok'. */
function flaky(failures: number, error: unknown = new Error('broken')) {
  const contexts: CallContext[] = [];
  const call = async (context: CallContext) => {
    contexts.push(context);
    if (contexts.length <= failures) throw error;
    return 'ok';
  };
  return { call, contexts };
}

const status = (code: number, more: object = {}) =>
  Object.assign(new Error(`status ${code}`), { status: code, ...more });

const retryCases: readonly {
  readonly name: string;
  readonly settings: PolicySettings;
  readonly failures: number;
  readonly error?: unknown;
  readonly options?: ExecuteOptions;
  readonly tries: number;
  readonly atMs: number;
  readonly end: string;
}[] = [
  { name: 'no retry asked for', settings: {}, failures: 1, tries: 1, atMs: 0, end: 'broken' },
  { name: 'two failures', settings: { retry: { backoff: constant } }, failures: 2, tries: 3, atMs: 200, end: 'ok' },
  {
    name: 'three by default',
    settings: { retry: { backoff: constant } },
    failures: 9,
    tries: 4,
    atMs: 300,
    end: 'broken',
  },
  {
    name: 'retriesMax',
    settings: { retry: { retriesMax: 1, backoff: constant } },
    failures: 9,
    tries: 2,
    atMs: 100,
    end: 'broken',
  },
  {
    name: 'a bad request is not tried again',
    settings: { retry: {} },
    failures: 1,
    error: status(400),
    tries: 1,
    atMs: 0,
    end: 'status 400',
  },
  {
    name: 'a bug is not tried again',
    settings: { retry: {} },
    failures: 1,
    error: new TypeError('x is undefined'),
    tries: 1,
    atMs: 0,
    end: 'x is undefined',
  },
  {
    name: 'Retry-After is waited for',
    settings: { retry: { backoff: constant } },
    failures: 1,
    error: status(503, { retryAfter: '2' }),
    tries: 2,
    atMs: 2000,
    end: 'ok',
  },
  {
    name: 'a long Retry-After is not',
    settings: { retry: { backoff: constant, retryAfterMaxMs: 1000 } },
    failures: 1,
    error: status(503, { retryAfter: '2' }),
    tries: 1,
    atMs: 0,
    end: 'status 503',
  },
  {
    name: 'refused open below: nobody above retries',
    settings: { retry: {} },
    failures: 1,
    error: { message: 'open', refused: 'open' },
    tries: 1,
    atMs: 0,
    end: 'open',
  },
  {
    name: 'carried retries',
    settings: { retry: { backoff: constant } },
    failures: 9,
    options: { retriesLeft: 1 },
    tries: 2,
    atMs: 100,
    end: 'broken',
  },
  {
    name: 'no time for another',
    settings: { retry: { backoff: constant }, deadlineMs: 150 },
    failures: 9,
    tries: 2,
    atMs: 100,
    end: 'broken',
  },
  {
    name: "the caller's patience",
    settings: { retry: { backoff: constant } },
    failures: 9,
    options: { timeoutMs: 150 },
    tries: 2,
    atMs: 100,
    end: 'broken',
  },
  {
    name: 'an empty budget',
    settings: { retry: { budget: { ratio: 0, reservePerSecond: 0, concurrentMin: 0 } } },
    failures: 1,
    tries: 1,
    atMs: 0,
    end: 'broken',
  },
  {
    name: 'classify of your own',
    settings: { retry: {}, classify: () => ({ isFailure: true, mayRetry: false, isOverload: false }) },
    failures: 1,
    tries: 1,
    atMs: 0,
    end: 'broken',
  },
];

for (const { name, settings, failures, error, options, tries, atMs, end } of retryCases) {
  test(`retry: ${name}`, async () => {
    const { run, calls, time } = setUp(settings);
    const { call, contexts } = flaky(failures, error);
    const told = await run(call, options);
    assert.deepEqual([told.value ?? told.code, contexts.length, told.atMs], [end, tries, atMs]);
    assert.deepEqual(
      contexts.map(({ attempt }) => attempt),
      contexts.map((_, index) => index),
    );
    await time.advance(50);
    assert.deepEqual([calls.snapshot().inFlight, time.pending], [0, 0]);
  });
}

test('an answer that is a failure is retried, and given when nothing is left', async () => {
  const { run, calls } = setUp({
    retry: { retriesMax: 1 },
    breaker: {},
    judge: (answer) => (answer === 'bad' ? { isFailure: true, mayRetry: true, isOverload: false } : undefined),
  });
  assert.equal((await run(() => 'bad')).value, 'bad');
  assert.deepEqual([calls.snapshot().counters.attempts, calls.snapshot().breaker?.failed], [2, 2]);
});

test('a timeout settles at once, rings the signal, and is tried again with a new one', async () => {
  const { run, calls, kinds } = setUp({ timeoutMs: 100, retry: { retriesMax: 1, backoff: constant }, breaker: {} });
  const signals: AbortSignal[] = [];
  const told = await run(({ signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  assert.deepEqual([told.code, told.atMs], ['HALE_RESILIENCE_TIMEOUT', 300]);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
  assert.notEqual(signals[0], signals[1]);
  assert.equal(calls.snapshot().breaker?.failed, 2);
  assert.deepEqual(kinds(), ['timeout', 'retry', 'timeout', 'gaveUp', 'settled']);
});

test('a late answer of an attempt given up reaches nobody', async () => {
  const { run, calls, time, after } = setUp({ timeoutMs: 100 });
  assert.equal((await run(after(150, 'late'))).code, 'HALE_RESILIENCE_TIMEOUT');
  const next = calls.execute(after(90, 'mine'));
  await time.advance(60);
  assert.equal(calls.snapshot().counters.succeeded, 0);
  assert.equal(await time.settled(next), 'mine');
});

test('a signal that is read after the end has rung; patience is told', async () => {
  const { run } = setUp({ timeoutMs: 100, deadlineMs: 150 });
  let kept: CallContext | undefined;
  await run((context) => {
    kept = context;
    assert.equal(context.remainingMs(), 100);
    return new Promise(() => {});
  });
  assert.equal(kept?.signal.aborted, true);
  assert.equal(kept?.signal.reason.code, 'HALE_RESILIENCE_TIMEOUT');
});

test('the deadline of the whole call cuts the last attempt short', async () => {
  const { run, events } = setUp({ deadlineMs: 250, timeoutMs: 200, retry: { backoff: constant } });
  const told = await run(() => new Promise(() => {}));
  assert.deepEqual([told.code, told.atMs], ['HALE_RESILIENCE_TIMEOUT', 200]);
  assert.ok(events.some((event) => event.kind === 'gaveUp' && event.why === 'deadline'));
});

test('an open circuit ends a series of tries, with the failure before as cause', async () => {
  const { run } = setUp({ retry: { backoff: constant }, breaker: { callsMin: 2, returnStepMs: 0 } });
  const told = await run(flaky(9).call);
  assert.equal(told.code, 'HALE_RESILIENCE_OPEN');
  assert.equal((told.error.cause as Error).message, 'broken');
  assert.ok(
    told.error instanceof HaleError && Number(told.error.details['retryAfterMs']) > 0 && told.error.hint.length > 20,
  );
});

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

test('update changes at once and keeps counts, state and coins; a bad one changes nothing', async () => {
  const { run, calls, kinds } = setUp({ breaker: { callsMin: 5 }, retry: { retriesMax: 0 } });
  for (let i = 0; i < 4; i++) await run(flaky(1).call);
  calls.update({ breaker: { callsMin: 4 }, retry: { retriesMax: 0 }, bulkhead: { concurrentMax: 3 } });
  assert.deepEqual([calls.snapshot().breaker?.failed, calls.snapshot().limit], [4, 3]);
  assert.throws(() => calls.update({ timeoutMs: -1, rateLimit: { perSecond: 1 } }), {
    code: 'HALE_RESILIENCE_SETTINGS',
  });
  assert.throws(() => calls.update({ rateLimit: { perSecond: -1 } }), { code: 'HALE_RESILIENCE_SETTINGS' });
  assert.equal(calls.snapshot().limit, 3);
  await run(flaky(1).call);
  assert.equal(calls.snapshot().breaker?.kind, 'open');
  assert.ok(kinds().includes('updated') && kinds().includes('opened'));
  calls.update({});
  assert.equal((await run(() => 1)).value, 1);
});

test('isolated and forced by hand, counted, with or without a breaker', async () => {
  const { run, calls } = setUp({});
  const [first, second] = [calls.isolate(), calls.isolate()];
  first();
  first();
  assert.equal((await run(() => 1)).code, 'HALE_RESILIENCE_OPEN');
  second();
  assert.equal((await run(() => 1)).value, 1);
  calls.update({ breaker: { callsMin: 1 } });
  const free = calls.forceClosed();
  await run(flaky(1).call);
  assert.equal(calls.snapshot().breaker?.kind, 'forcedClosed');
  free();
  await run(flaky(1).call);
  assert.equal(calls.snapshot().breaker?.kind, 'open');
});

test('an open circuit is saved and taken up by the next process, which has another clock', async () => {
  const { run, calls } = setUp({ breaker: { callsMin: 1 } });
  await run(flaky(1).call);
  const time = createVirtualTime();
  await time.advance(77_777);
  const saved = JSON.parse(JSON.stringify(calls.save()));
  const next = policy({ breaker: { callsMin: 1 } }, { clock: time.clock, saved });
  await assert.rejects(
    next.execute(() => 1),
    { code: 'HALE_RESILIENCE_OPEN' },
  );
  await time.advance(5001);
  assert.equal(await next.execute(() => 1), 1);
});

test('impossible settings: all problems at once, each with its path', () => {
  const bad = {
    timeoutMs: 5000,
    deadlineMs: 1000,
    retry: { retriesMax: 1.5, backoff: { baseMs: 10, maxMs: 5 }, budget: { ratio: Number.NaN } },
    breaker: { failureRatio: 0, callsMin: 50, window: { kind: 'count', calls: 10 }, slow: { overMs: -1, ratio: 2 } },
    bulkhead: { concurrentMax: 0 },
    tymeout: 1,
  } as PolicySettings;
  try {
    policy(bad);
    assert.fail('should be refused');
  } catch (error) {
    const { code, message, details } = error as unknown as {
      code: string;
      message: string;
      details: { problems: { path: string; hint: string }[] };
    };
    assert.equal(code, 'HALE_RESILIENCE_SETTINGS');
    const paths = details.problems.map(({ path }) => path).sort();
    const expected = [
      'breaker.callsMin',
      'breaker.failureRatio',
      'breaker.slow.overMs',
      'breaker.slow.ratio',
      'bulkhead.concurrentMax',
      'retry.backoff.baseMs',
      'retry.budget.ratio',
      'retry.retriesMax',
      'timeoutMs',
      'tymeout',
    ];
    assert.deepEqual(paths, expected);
    for (const path of paths) assert.ok(message.includes(path));
    for (const { hint } of details.problems) assert.ok(hint.length > 5);
  }
});

test('snapshot counts and summarises; on() leaves as it came', async () => {
  const { run, calls, after, events } = setUp({ name: 'orders', breaker: {} });
  for (const ms of [10, 10, 10, 100]) await run(after(ms));
  const { name, counters, latency, breaker } = calls.snapshot();
  assert.deepEqual([name, counters.calls, counters.succeeded, latency.count, breaker?.calls], ['orders', 4, 4, 4, 4]);
  assert.ok(latency.p50Ms > 8 && latency.p50Ms < 13 && latency.p99Ms > 85 && latency.p99Ms < 115);
  const heard: unknown[] = [];
  const leave = calls.on((event) => heard.push(event));
  leave();
  await run(() => 1);
  assert.deepEqual([heard.length, events.length], [0, 5]);
});

test('what throws at once, what is no promise, and what is a foreign thenable', async () => {
  const { run, calls } = setUp({ retry: { retriesMax: 0 } });
  assert.equal((await run(() => 7)).value, 7);
  assert.equal(
    (
      await run(() => {
        throw new Error('at once');
      })
    ).code,
    'at once',
  );
  // biome-ignore lint/suspicious/noThenProperty: a foreign thenable is what is tested
  const thenable = { then: (resolve: (value: string) => void) => resolve('foreign') } as unknown as PromiseLike<string>;
  assert.equal((await run(() => thenable)).value, 'foreign');
  const gone = AbortSignal.abort(new Error('before it began'));
  assert.equal((await run(() => 1, { signal: gone })).code, 'before it began');
  assert.deepEqual([calls.snapshot().inFlight, calls.snapshot().counters.attempts], [0, 3]);
});

test('an abort inside of the call itself leaves nothing behind', async () => {
  const { calls } = setUp({ bulkhead: { concurrentMax: 1 }, breaker: {}, timeoutMs: 100 });
  const leaver = new AbortController();
  const call = calls.execute(
    () => {
      leaver.abort(new Error('from within'));
      return 'too late';
    },
    { signal: leaver.signal },
  );
  await assert.rejects(call, { message: 'from within' });
  assert.equal(calls.snapshot().inFlight, 0);
  assert.equal(await calls.execute(() => 2), 2);
});

test('whoever is idle has no timer', async () => {
  const { run, time } = setUp({ timeoutMs: 60_000, deadlineMs: 90_000, retry: {}, breaker: {} });
  assert.equal(time.pending, 0);
  await run(() => Promise.resolve(1));
  await time.advance(51);
  assert.deepEqual([time.pending, sweepOf(time.clock).isTicking], [0, false]);
});
