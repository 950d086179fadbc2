// The policy as its users meet it: timeouts, deadlines, aborts, live settings, holding by hand, bad input, snapshots; each way a call can end is
// told, and what is left over afterwards is nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HaleError } from '@hale/base';
import { createVirtualTime } from '../testing.ts';
import { sweepOf } from '../timer-sweep.ts';
import { policy } from './policy.ts';
import type { PolicySettings } from './settings.ts';
import { constant, flaky, setUp } from './stage.ts';
import type { CallContext } from './types.ts';

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

test('parts that appear or vanish while calls run are told nothing of those', async () => {
  const { calls, time, after } = setUp({});
  const old = calls.execute(after(100));
  calls.update({ bulkhead: { concurrentMax: 2 } });
  const walled = calls.execute(after(200));
  calls.update({ bulkhead: { concurrentMax: 2 }, adaptiveLimit: { initial: 5 }, retry: {}, breaker: {} });
  const learned = calls.execute(after(200));
  calls.update({});
  await time.settled(Promise.all([old, walled, learned]));
  calls.update({ bulkhead: { concurrentMax: 2 }, adaptiveLimit: { initial: 5 } });
  assert.equal(calls.snapshot().inFlight, 0);
  const all = await time.settled(Promise.allSettled([1, 2, 3].map(() => calls.execute(after(10)))));
  assert.deepEqual(
    all.map((one) => one.status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
});

test('a long line of calls that end at once is no deep recursion', async () => {
  const { calls, time, after } = setUp({ bulkhead: { concurrentMax: 1, queueMax: 5000 } });
  const first = calls.execute(after(1));
  const line = Array.from({ length: 5000 }, (_, index) => calls.execute(() => index));
  await time.settled(first);
  assert.equal((await Promise.all(line)).length, 5000);
});

test('a judge that fails himself: the call ends with its own error, and nothing hangs', async () => {
  const classify = () => {
    throw new Error('no judge');
  };
  const { run } = setUp({ retry: {}, breaker: {}, classify });
  assert.equal((await run(flaky(1).call)).code, 'broken');
  const answers = setUp({ judge: classify });
  assert.equal((await answers.run(() => 'given')).value, 'given');
});

test('a caller with hardly any patience is no witness against the other side', async () => {
  const { run, calls } = setUp({ timeoutMs: 1000, breaker: { callsMin: 1 } });
  assert.equal((await run(() => new Promise(() => {}), { timeoutMs: 5 })).code, 'HALE_RESILIENCE_TIMEOUT');
  assert.deepEqual([calls.snapshot().breaker?.calls, calls.snapshot().breaker?.kind], [0, 'closed']);
  assert.equal((await run(() => new Promise(() => {}), { timeoutMs: 500 })).code, 'HALE_RESILIENCE_TIMEOUT');
  assert.equal(calls.snapshot().breaker?.kind, 'open');
});
