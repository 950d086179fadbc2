// Retries as a caller meets them: which failures are tried again, when, and how often; a table of cases in virtual time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicySettings } from './settings.ts';
import { constant, flaky, setUp, status } from './stage.ts';
import type { ExecuteOptions } from './types.ts';

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
