// The one alarm clock: rings in time whatever comes and goes, and is gone when nobody is left; backoff and Retry-After by the table; fading latencies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { createVirtualClock } from '@hale/base/testing';
import { backoffMs, parseRetryAfter } from './backoff.ts';
import { classifyError, classifyResponse } from './classify.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { type Sleeper, TimerSweep } from './timer-sweep.ts';

test('everybody is woken at his time, once, unless he has left; then there is no timer (seed 5)', () => {
  const rng = createRng(5);
  const clock = createVirtualClock();
  const sweep = new TimerSweep(clock);
  const woken: number[] = [];
  const expected: number[] = [];
  for (let i = 0; i < 500; i++) {
    const sleeper: Sleeper = { dueMs: Number.POSITIVE_INFINITY, sweep: undefined, onDue: (nowMs) => woken.push(nowMs) };
    const dueMs = clock.mono() + rng.below(3000);
    sweep.arm(sleeper, dueMs, clock.mono());
    if (rng.unit() < 0.5) sweep.disarm(sleeper);
    else if (rng.unit() < 0.3) {
      sweep.arm(sleeper, dueMs + 500, clock.mono());
      expected.push(dueMs + 500);
    } else expected.push(dueMs);
    clock.advance(rng.below(20));
  }
  clock.advance(10_000);
  expected.sort((a, b) => a - b);
  assert.equal(woken.length, expected.length);
  for (const [index, atMs] of woken.entries()) assert.ok(atMs >= expected[index]! && atMs <= expected[index]! + 1);
  assert.equal(sweep.isTicking, false);
});

test('backoff stays within its bounds, and decorrelated waits differ', () => {
  const rng = createRng(6);
  let lastMs = 0;
  const seen = new Set<number>();
  for (let retry = 1; retry < 200; retry++) {
    const step = { retry, lastMs, unit: rng.unit() };
    lastMs = backoffMs({}, step);
    assert.ok(lastMs >= 128 && lastMs <= 30_000);
    seen.add(lastMs);
    const full = backoffMs({ kind: 'full', baseMs: 100, maxMs: 1000 }, step);
    assert.ok(full >= 0 && full <= Math.min(1000, 100 * 2 ** (retry - 1)));
    assert.equal(backoffMs({ kind: 'constant', baseMs: 70 }, step), 70);
  }
  assert.ok(seen.size > 5);
});

const wallMs = Date.UTC(2026, 0, 1);
const retryAfters: readonly [string | null | undefined, number | undefined][] = [
  ['120', 120_000],
  [' 0 ', 0],
  ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
  [undefined, undefined],
];
for (const [value, expected] of retryAfters)
  test(`Retry-After: ${value}`, () => assert.equal(parseRetryAfter(value, wallMs), expected));

const error = (fields: object) => Object.assign(new Error('x'), fields);
const inner = (what: string, refused?: string) =>
  error({ code: `HALE_RESILIENCE_${what}`, hint: '', retriable: true, details: { refused } });
const verdictCases: readonly [string, unknown, { isFailure: boolean; mayRetry: boolean; isOverload: boolean }][] = [
  ['unknown', new Error('x'), { isFailure: true, mayRetry: true, isOverload: false }],
  ['no object', 'text', { isFailure: true, mayRetry: true, isOverload: false }],
  ['404', error({ status: 404 }), { isFailure: false, mayRetry: false, isOverload: false }],
  ['500', error({ statusCode: 500 }), { isFailure: true, mayRetry: true, isOverload: false }],
  ['501', error({ status: 501 }), { isFailure: true, mayRetry: false, isOverload: false }],
  ['429', error({ status: 429 }), { isFailure: true, mayRetry: true, isOverload: true }],
  ['408', error({ status: 408 }), { isFailure: false, mayRetry: true, isOverload: false }],
  ['shed', error({ refused: 'shed' }), { isFailure: true, mayRetry: true, isOverload: true }],
  ['draining', error({ details: { refused: 'draining' } }), { isFailure: false, mayRetry: true, isOverload: false }],
  ['retries below', error({ refused: 'retries' }), { isFailure: true, mayRetry: false, isOverload: false }],
  ['abort', error({ name: 'AbortError' }), { isFailure: false, mayRetry: false, isOverload: false }],
  ['timeout', error({ name: 'TimeoutError' }), { isFailure: true, mayRetry: true, isOverload: true }],
  [
    'fetch failed',
    new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }),
    { isFailure: true, mayRetry: true, isOverload: false },
  ],
  ['bug', new ReferenceError('x'), { isFailure: false, mayRetry: false, isOverload: false }],
  [
    'hale, retriable',
    error({ code: 'HALE_SDK_X', retriable: true }),
    { isFailure: true, mayRetry: true, isOverload: false },
  ],
  [
    'hale, final',
    error({ code: 'HALE_SDK_X', retriable: false }),
    { isFailure: true, mayRetry: false, isOverload: false },
  ],
  ['open further in', inner('OPEN', 'open'), { isFailure: true, mayRetry: false, isOverload: false }],
  ['throttled further in', inner('THROTTLED'), { isFailure: true, mayRetry: false, isOverload: false }],
  ['full further in', inner('FULL', 'limit'), { isFailure: false, mayRetry: true, isOverload: false }],
  ['full over there', error({ refused: 'limit' }), { isFailure: true, mayRetry: true, isOverload: true }],
  ['too late further in', inner('TIMEOUT'), { isFailure: true, mayRetry: true, isOverload: true }],
  ['rate limited further in', inner('RATE_LIMITED'), { isFailure: false, mayRetry: false, isOverload: false }],
  ['open over there', error({ refused: 'open' }), { isFailure: true, mayRetry: false, isOverload: false }],
];
for (const [name, value, expected] of verdictCases)
  test(`classify: ${name}`, () => {
    const { isFailure, mayRetry, isOverload } = classifyError(value, wallMs);
    assert.deepEqual({ isFailure, mayRetry, isOverload }, expected);
  });

test('classifyResponse reads status, Retry-After and x-hale-refused', () => {
  const response = (status: number, fields: Record<string, string> = {}) =>
    new Response(null, { status, headers: fields });
  assert.equal(classifyResponse(response(200), wallMs), undefined);
  assert.equal(classifyResponse('text', wallMs), undefined);
  assert.equal(classifyResponse(response(503, { 'retry-after': '3' }), wallMs)?.retryAfterMs, 3000);
  assert.equal(classifyResponse(response(503, { 'x-hale-refused': 'open' }), wallMs)?.mayRetry, false);
});

test('latencies: quantiles within an eighth, and the past fades', () => {
  const histogram = new LatencyHistogram();
  for (let ms = 1; ms <= 1000; ms++) histogram.add(ms, 0);
  const { count, p50Ms, p95Ms, p99Ms } = histogram.summary(0);
  for (const [seen, truth] of [
    [p50Ms, 500],
    [p95Ms, 950],
    [p99Ms, 990],
  ] as const)
    assert.ok(Math.abs(seen / truth - 1) < 0.125);
  assert.equal(count, 1000);
  assert.ok(histogram.summary(25_000).count < 300);
  assert.equal(histogram.summary(3_600_000).count, 0);
});
