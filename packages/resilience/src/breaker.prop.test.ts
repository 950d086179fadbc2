// The breaker against a twin that keeps every call on a list and adds them up each time; and laws that hold whatever happens to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import fc from 'fast-check';
import { Breaker } from './breaker.ts';
import type { BreakerWindow } from './breaker-window.ts';

interface Past {
  readonly atMs: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

const seed = 33;
const windows: readonly BreakerWindow[] = [
  { kind: 'time', spanMs: 10_000 },
  { kind: 'count', calls: 30 },
];
const step = fc.record({
  waitMs: fc.oneof({ weight: 5, arbitrary: fc.nat(50) }, fc.nat(15_000)),
  failed: fc.boolean(),
  slow: fc.boolean(),
});

for (const window of windows) {
  test(`closed, by ${window.kind}: opens exactly when a list of all calls says so (seed ${seed})`, () => {
    const property = fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const breaker = new Breaker({
        settings: { window, slow: { overMs: 100, ratio: 0.6 }, callsMin: 10 },
        unit: () => 0.5,
      });
      const past: Past[] = [];
      let nowMs = 0;
      for (const { waitMs, failed, slow } of steps) {
        nowMs += waitMs;
        breaker.record(breaker.admit(nowMs), failed, slow ? 101 : 100, nowMs);
        past.push({ atMs: nowMs, failed, slow });
        const seen =
          window.kind === 'count'
            ? past.slice(-window.calls)
            : past.filter(({ atMs }) => Math.floor(atMs / 1000) > Math.floor(nowMs / 1000) - 10);
        const share = (kind: 'failed' | 'slow') => seen.filter((one) => one[kind]).length / seen.length;
        // A call without a mark is no reason to look.
        const opens = (failed || slow) && seen.length >= 10 && (share('failed') >= 0.5 || share('slow') >= 0.6);
        assert.equal(breaker.state.kind, opens ? 'open' : 'closed');
        if (opens) return;
      }
    });
    fc.assert(property, { seed, numRuns: tries(100, 1_000) });
  });
}

const act = fc.record({
  kind: fc.constantFrom('begin', 'end', 'end', 'leave', 'wait'),
  pick: fc.nat(1000),
  failed: fc.boolean(),
  ms: fc.nat(20_000),
});

test(`laws: an open one admits nobody, half-open no more than its probes, an old ticket changes nothing (seed ${seed})`, () => {
  const property = fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
    const breaker = new Breaker({ settings: { callsMin: 3, openMs: 1000 }, unit: () => 0.5 });
    let nowMs = 0;
    let era = breaker.state;
    let probesOut = 0;
    const under: { ticket: number; state: unknown }[] = [];
    for (const { kind, pick, failed, ms } of acts) {
      if (kind === 'wait') nowMs += ms;
      else if (kind === 'begin') {
        const wasOpen = breaker.state.kind === 'open' && nowMs < breaker.state.untilMs;
        const ticket = breaker.admit(nowMs);
        if (breaker.state !== era) [era, probesOut] = [breaker.state, 0];
        if (wasOpen) assert.equal(ticket, -1);
        if (ticket < 0) continue;
        under.push({ ticket, state: breaker.state });
        if (breaker.state.kind === 'halfOpen') assert.ok(++probesOut <= breaker.state.probes);
      } else {
        const [one] = under.splice(pick % Math.max(1, under.length), 1);
        if (one === undefined) continue;
        const isOld = one.state !== breaker.state;
        const before = JSON.stringify(breaker.state);
        if (kind === 'leave') breaker.forget(one.ticket);
        else breaker.record(one.ticket, failed, 1, nowMs);
        if (isOld && breaker.state.kind !== 'closed') assert.equal(JSON.stringify(breaker.state), before);
        if (kind === 'leave' && !isOld && breaker.state.kind === 'halfOpen') probesOut--;
        if (breaker.state !== era) [era, probesOut] = [breaker.state, 0];
      }
    }
  });
  fc.assert(property, { seed, numRuns: tries(100, 1_000) });
});
