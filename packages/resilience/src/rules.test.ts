// The small rules, each driven by hand: what it lets through, what it refuses, what it says, and what it does with impossible numbers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng, isHaleError } from '@hale/base';
import { createAdaptiveLimit } from './adaptive-limit.ts';
import { createClientThrottle } from './client-throttle.ts';
import { createFaultInjection } from './fault-injection.ts';
import { createHedgeRule } from './hedge.ts';
import { createPriorityLevels } from './priority-levels.ts';
import { createRateLimit } from './rate-limit.ts';

const unit = () => createRng(1).unit;

test('rate limit, smooth: evenly spaced, waits within bounds', () => {
  const limit = createRateLimit({ settings: { perSecond: 10, waitMaxMs: 200, waitingMax: 5 }, unit: unit() });
  assert.deepEqual(
    [0, 0, 0, 0].map((at) => Math.round(limit.reserve(at))),
    [0, 100, 200, -1],
  );
  assert.equal(limit.waiting, 2);
  assert.equal(limit.reserve(100, 50), -1, 'the patience of the call is a bound too');
  limit.began();
  limit.gaveUp();
  assert.equal(limit.reserve(100), 100, 'the token of who gave up is given back');
});

test('rate limit, bursty: the purse fills evenly and not beyond its size', () => {
  const limit = createRateLimit({ settings: { perSecond: 10, burst: 3 }, unit: unit() });
  const go = (at: number) => limit.reserve(at) === 0;
  assert.deepEqual([0, 0, 0, 0, 99, 100, 100].map(go), [true, true, true, false, false, true, false]);
  assert.deepEqual([60_000, 60_000, 60_000, 60_000].map(go), [true, true, true, false]);
  limit.update({ perSecond: 1000, burst: 3 });
  assert.ok(go(60_001), 'new settings hold at once');
});

test('rate limit: 100,000 calls at exactly the rate all go', () => {
  const limit = createRateLimit({ settings: { perSecond: 30 }, unit: unit() });
  for (let i = 0; i < 100_000; i++) assert.equal(limit.reserve((i * 1000) / 30), 0, String(i));
});

test('every dial at 0 refuses nobody and tells all the same', () => {
  const told: boolean[] = [];
  const onRefused = ({ carriedOut }: { carriedOut: boolean }) => told.push(carriedOut);
  const rate = createRateLimit({ settings: { perSecond: 1, enforce: 0 }, unit: unit(), onRefused });
  assert.deepEqual([rate.reserve(0), rate.reserve(0)], [0, 0]);
  const limit = createAdaptiveLimit({ settings: { max: 1, initial: 1, enforce: 0 }, unit: unit(), onRefused });
  assert.deepEqual([limit.tryAcquire(0, 'normal'), limit.tryAcquire(0, 'normal')], [true, true]);
  const throttle = createClientThrottle({ settings: { enforce: 0 }, unit: () => 0, onRefused });
  throttle.admit('normal', 0);
  assert.ok(throttle.admit('normal', 0));
  assert.deepEqual(told, [false, false, false, false].slice(0, told.length));
  assert.ok(told.length >= 3);
});

test('client throttle: the share of the SRE book, by class, and it lets go when the other side is back', () => {
  const throttle = createClientThrottle({ unit: unit(), settings: { windowMs: 10_000 } });
  for (let i = 0; i < 1000; i++) throttle.admit('critical', 0);
  for (let i = 0; i < 250; i++) throttle.record(true, 0);
  // (1000 - K x 250) / 1001 with K = 1.5, 2, 4
  assert.ok(Math.abs(throttle.refusal('sheddable', 0) - 625 / 1001) < 1e-9);
  assert.ok(Math.abs(throttle.refusal('normal', 0) - 500 / 1001) < 1e-9);
  assert.equal(throttle.refusal('critical', 0), 0);
  assert.equal(throttle.refusal('normal', 20_000), 0, 'the past expires by the clock');
  const dead = createClientThrottle({ unit: unit() });
  let sent = 0;
  for (let i = 0; i < 10_000; i++) if (dead.admit('normal', i)) sent++;
  assert.ok(sent > 500 && sent < 2000, `a tenth still goes and looks: ${sent}`);
});

test('priority levels: the line cuts the least urgent and follows demand', () => {
  const levels = createPriorityLevels();
  const dice = createRng(5).unit;
  const passed = { critical: 0, normal: 0, sheddable: 0 };
  let atMs = 0;
  // Capacity 20 a 100 ms against 100: 50 sheddable, 40 normal, 10 critical.
  for (let round = 0; round < 200; round++, atMs += 100) {
    let room = 20;
    for (let i = 0; i < 100; i++) {
      const priority = i % 10 === 0 ? 'critical' : i % 2 === 0 ? 'normal' : 'sheddable';
      if (!levels.arrive(priority, dice(), atMs)) continue;
      if (room-- > 0) {
        levels.admitted();
        if (round > 50) passed[priority]++;
      } else levels.full();
    }
  }
  assert.ok(levels.line > 1.5 && levels.line < 2, String(levels.line));
  assert.equal(passed.sheddable, 0);
  for (let i = 0; i < 2000; i++, atMs += 10) if (levels.arrive('sheddable', dice(), atMs)) levels.admitted();
  assert.equal(levels.line, 0, 'quiet again');
});

test('hedge: after the p95, within the budget, never when not declared safe', () => {
  const rule = createHedgeRule({ safe: true, extraLoad: 0.02 });
  assert.equal(rule.begin(0), undefined, 'nothing known yet');
  for (let i = 0; i < 1000; i++) rule.record(i < 960 ? 10 : 500, 0);
  const delayMs = rule.begin(0)!;
  assert.ok(delayMs > 9 && delayMs < 12, String(delayMs));
  let paid = 0;
  for (let i = 0; i < 10_000; i++) {
    rule.begin(0);
    if (rule.pay()) paid++;
  }
  assert.ok(paid >= 190 && paid <= 211, `2 % of 10,000 although all are late: ${paid}`);
  rule.update({ safe: false });
  assert.equal(rule.begin(0), undefined);
});

test('fault injection: off by default, by the dice handed in, live', () => {
  const rule = createFaultInjection({ unit: createRng(3).unit });
  for (let i = 0; i < 100; i++) assert.equal(rule.decide(), undefined);
  rule.update({ rate: 0.25, latencyMs: 5 });
  for (let i = 0; i < 4000; i++) rule.decide();
  assert.ok(Math.abs(rule.injected - 1000) < 100, String(rule.injected));
});

test('impossible numbers: all of them named, the rule stays as it was', () => {
  const cases: readonly [string, () => unknown, RegExp][] = [
    ['rate 0', () => createRateLimit({ settings: { perSecond: 0 }, unit: unit() }), /rateLimit\.perSecond is 0/],
    ['NaN', () => createRateLimit({ settings: { perSecond: Number.NaN }, unit: unit() }), /perSecond is NaN/],
    [
      'two at once',
      () => createAdaptiveLimit({ settings: { min: 0, quantile: 2 }, unit: unit() }),
      /min is 0.*quantile is 2/,
    ],
    ['max below min', () => createAdaptiveLimit({ settings: { min: 5, max: 4 }, unit: unit() }), /max is 4/],
    ['throttle', () => createClientThrottle({ settings: { ratio: 0.5 }, unit: unit() }), /ratio is 0\.5/],
    ['hedge', () => createHedgeRule({ safe: true, extraLoad: 0.5 }), /extraLoad is 0\.5/],
    ['fault', () => createFaultInjection({ settings: { rate: 2 }, unit: unit() }), /rate is 2/],
  ];
  for (const [name, make, message] of cases) {
    assert.throws(
      make,
      (error) => isHaleError(error) && error.code === 'HALE_RESILIENCE_SETTINGS' && message.test(error.message),
      name,
    );
  }
  const limit = createRateLimit({ settings: { perSecond: 1 }, unit: unit() });
  assert.throws(() => limit.update({ perSecond: -1 }));
  assert.equal(limit.reserve(0), 0);
});
