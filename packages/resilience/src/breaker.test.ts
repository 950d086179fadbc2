// The fuse in its plain cases: what opens it, how it is tested, how it comes back; and its story with a dependency that returns at 30 % of
// its capacity, in which it may trip once more and no oftener.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker, type BreakerChange, type BreakerSettings } from './breaker.ts';

function setUp(settings: BreakerSettings = {}, unit = () => 1) {
  const changes: BreakerChange[] = [];
  const breaker = new Breaker({ settings, unit, watcher: { breakerChanged: (change) => void changes.push(change) } });
  /** `count` calls at `nowMs`, each over at once. */
  const call = (isFailure: boolean, nowMs: number, { count = 1, latencyMs = 1 } = {}) => {
    let admitted = 0;
    for (let i = 0; i < count; i++) {
      const ticket = breaker.admit(nowMs);
      if (ticket < 0) continue;
      admitted++;
      breaker.record(ticket, isFailure, latencyMs, nowMs);
    }
    return admitted;
  };
  return { breaker, changes, call, kind: () => breaker.state.kind };
}

const tripping: readonly {
  name: string;
  settings: BreakerSettings;
  ok: number;
  failed: number;
  slow?: number;
  opens: boolean;
}[] = [
  { name: 'half of 20', settings: {}, ok: 10, failed: 10, opens: true },
  { name: 'less than half', settings: {}, ok: 11, failed: 10, opens: false },
  { name: 'too few calls', settings: {}, ok: 0, failed: 19, opens: false },
  {
    name: 'of the last 10 calls',
    settings: { window: { kind: 'count', calls: 10 }, callsMin: 10 },
    ok: 100,
    failed: 5,
    opens: true,
  },
  {
    name: 'of the last 10, fewer',
    settings: { window: { kind: 'count', calls: 10 }, callsMin: 10 },
    ok: 100,
    failed: 4,
    opens: false,
  },
  { name: 'slow calls', settings: { slow: { overMs: 100, ratio: 0.5 } }, ok: 10, failed: 0, slow: 10, opens: true },
  { name: 'slow calls nobody looks at', settings: {}, ok: 10, failed: 0, slow: 10, opens: false },
];
for (const { name, settings, ok, failed, slow = 0, opens } of tripping) {
  test(`breaker: ${name} ${opens ? 'opens' : 'does not open'} it`, () => {
    const { call, kind } = setUp(settings);
    call(false, 0, { count: ok });
    call(false, 0, { count: slow, latencyMs: 500 });
    call(true, 0, { count: failed });
    assert.equal(kind(), opens ? 'open' : 'closed');
  });
}

test('breaks double up to the longest, with equal jitter, and start again after a full recovery', () => {
  let dice = 0;
  const { breaker, changes, call } = setUp({ callsMin: 1, openMs: 1000, openMaxMs: 3000 }, () => dice);
  const breakMs = () => changes.flatMap((change) => (change.kind === 'opened' ? [change.openMs] : []));
  call(true, 0);
  let nowMs = 0;
  for (dice of [1, 0, 1]) {
    nowMs += breaker.retryAfterMs(nowMs);
    call(true, nowMs);
  }
  assert.deepEqual(breakMs(), [500, 2000, 1500, 3000]);
  nowMs += breaker.retryAfterMs(nowMs);
  call(false, nowMs);
  assert.equal(breaker.state.kind, 'closed');
  call(true, nowMs);
  assert.equal(breakMs().at(-1), 1000);
});

test('half-open lets as many in as 5 % of the former traffic, ten at most, and decides as soon as it is decided', () => {
  for (const [callsBefore, probes] of [
    [20, 1],
    [600, 3],
    [50_000, 10],
  ] as const) {
    const { breaker, kind, changes } = setUp({});
    for (let i = 0; i < callsBefore; i++) {
      const nowMs = (i * 10_000) / callsBefore;
      breaker.record(breaker.admit(nowMs), i >= callsBefore / 2, 1, nowMs);
      if (breaker.state.kind === 'open') break;
    }
    assert.equal(kind(), 'open');
    const tickets = Array.from({ length: 50 }, () => breaker.admit(20_000)).filter((ticket) => ticket >= 0);
    assert.equal(tickets.length, probes);
    assert.deepEqual(changes.at(-1), { kind: 'halfOpen', probes });
    for (const ticket of tickets.slice(0, Math.ceil(probes / 2))) breaker.record(ticket, true, 1, 20_001);
    assert.equal(kind(), 'open');
  }
});

test('no settings that are the same change nothing; a window of another shape begins anew', () => {
  const { breaker, call } = setUp({});
  call(true, 0, { count: 5 });
  breaker.update({});
  assert.equal(breaker.snapshot(0).failed, 5);
  breaker.update({ window: { kind: 'count', calls: 50 } });
  assert.equal(breaker.snapshot(0).failed, 0);
});

/** A dependency that answers `capacity` calls a second and fails the rest, under `offered` a second. */
function story({
  offered,
  capacityAt,
  untilMs,
}: {
  offered: number;
  capacityAt: (nowMs: number) => number;
  untilMs: number;
}) {
  const { breaker, changes } = setUp({});
  let [second, taken, served] = [-1, 0, 0];
  for (let nowMs = 0; nowMs < untilMs; nowMs += 1000 / offered) {
    const slice = Math.floor(nowMs / 100);
    if (slice !== second) [second, taken] = [slice, 0];
    const ticket = breaker.admit(nowMs);
    if (ticket < 0) continue;
    const isFailure = ++taken > capacityAt(nowMs) / 10;
    if (!isFailure && nowMs > untilMs - 10_000) served++;
    breaker.record(ticket, isFailure, 10, nowMs);
  }
  return { openings: changes.filter(({ kind }) => kind === 'opened').length, breaker, servedPerSecond: served / 10 };
}

test('a dependency that comes back at 30 % of its capacity: at most one more trip, and what it can do is used', () => {
  const capacityAt = (nowMs: number) => (nowMs < 10_000 ? 1000 : nowMs < 40_000 ? 0 : 300);
  const until = story({ offered: 1000, capacityAt, untilMs: 39_999 });
  const after = story({ offered: 1000, capacityAt, untilMs: 120_000 });
  assert.ok(after.openings - until.openings <= 1, `${after.openings - until.openings} re-trips`);
  assert.ok(after.servedPerSecond >= 285, `${after.servedPerSecond} of 300 a second`);
  const whole = story({
    offered: 1000,
    capacityAt: (nowMs) => (nowMs > 100_000 ? 1000 : capacityAt(nowMs)),
    untilMs: 120_000,
  });
  assert.equal(whole.breaker.state.kind, 'closed');
});
