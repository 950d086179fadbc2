// A policy around a policy: what a refusal of the inner one means to the outer one. An open circuit or a closed purse further in is a failure
// that nobody repeats; a full limit of this process is no failure of the other side; a callee's abort says nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policy } from './policy.ts';
import type { PolicySettings } from './settings.ts';
import { constant, setUp } from './stage.ts';

/** An inner policy on the same stage, and how often its callee was asked. */
function nest(innerSettings: PolicySettings, outerSettings: PolicySettings) {
  const stage = setUp(outerSettings);
  const inner = policy(innerSettings, { clock: stage.time.clock, unit: () => 0.5 });
  let asked = 0;
  const broken = () => {
    asked++;
    throw new Error('broken');
  };
  return { ...stage, inner, broken, asked: () => asked };
}

const retry = { retriesMax: 3, backoff: constant, budget: false } as const;

test('an open circuit further in opens the outer one, and is not retried', async () => {
  const { inner, run, calls, broken, asked } = nest({}, { retry, breaker: { callsMin: 5 } });
  inner.isolate();
  for (let i = 0; i < 5; i++) {
    const { code, atMs } = await run(() => inner.execute(broken));
    assert.deepEqual([code, atMs], ['HALE_RESILIENCE_OPEN', 0]);
  }
  assert.deepEqual([asked(), calls.snapshot().counters.retries, calls.snapshot().breaker?.kind], [0, 0, 'open']);
});

test('a closed purse further in is not opened by the outer policy', async () => {
  const budget = { reservePerSecond: 0, ratio: 0 };
  const { inner, run, broken, asked, calls } = nest({ retry: { budget } }, { retry, breaker: {} });
  assert.equal((await run(() => inner.execute(broken))).code, 'broken');
  assert.deepEqual([asked(), calls.snapshot().counters.retries, calls.snapshot().breaker?.failed], [1, 0, 1]);
});

test('retries that were carried away count as a closed purse too', async () => {
  const { inner, run, broken, asked } = nest({ retry }, { retry });
  assert.equal((await run(() => inner.execute(broken, { retriesLeft: 0 }))).code, 'broken');
  assert.equal(asked(), 1);
});

test('an error object that is thrown again is retried where no purse was closed in this try', async () => {
  const error = new Error('always the same');
  const fail = () => Promise.reject(error);
  const { inner, run, calls, time } = nest({ retry: { budget: { reservePerSecond: 0, ratio: 0 } } }, { retry });
  await run(() => inner.execute(fail));
  await time.advance(1);
  await run(fail);
  assert.equal(calls.snapshot().counters.retries, 3);
});

test('a full bulkhead of the inner policy is no failure of the other side, and may be tried again', async () => {
  const { inner, run, after, calls } = nest({ bulkhead: { concurrentMax: 1 } }, { retry, breaker: {} });
  void inner.execute(after(150));
  assert.equal((await run(() => inner.execute(() => 'room'))).value, 'room');
  assert.deepEqual([calls.snapshot().counters.retries, calls.snapshot().breaker?.failed], [2, 0]);
});
