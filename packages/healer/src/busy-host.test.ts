// What must never be taken for a hang: a long start, a machine without a core to spare, a loop that is merely busy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bringUp, buildSeen, buildUnit, createBench } from './testing.ts';

const beat = (stalledMs: number, longestPauseMs = 20) =>
  ({ kind: 'beating', stalledMs, longestPauseMs, loopLagMs: 1, inspected: false }) as const;
const usage = (mainThreadStuckMs: number) => ({ cpuRatio: 1, rssBytes: 1, openFiles: 1, mainThreadStuckMs });

function ward() {
  const bench = createBench([buildUnit({ name: 'orders' })]);
  bringUp(bench);
  const life = bench.state.units[0]?.slots[0]?.lives[0];
  assert.ok(life?.seen);
  return { bench, seen: life.seen };
}

test('a loop that is blocked since before the startup probe passed is starting, not hanging', () => {
  const bench = createBench([buildUnit({ name: 'orders', replicas: 1 })]);
  const [start] = bench.all('StartReplica');
  assert.ok(start);
  const at = (stalledMs: number) =>
    buildSeen('orders', 0, {
      incarnation: start.incarnation,
      heartbeat: beat(stalledMs),
      usage: usage(stalledMs),
      ready: { verdict: 'unknown', reason: undefined, failures: 0 },
    });
  bench.see([at(900)], 1_000);
  for (let stalledMs = 1_400; stalledMs < 10_000; stalledMs += 500) bench.see([at(stalledMs)], 500);
  assert.deepEqual(bench.told('suspected'), []);
  bench.see([at(0)], 500);
  for (let stalledMs = 500; stalledMs < 4_000; stalledMs += 500) bench.see([at(stalledMs)], 500);
  assert.equal(bench.told('condemned').length, 1, 'once it has turned, it is a hang');
});

test('a pause of the start makes nobody more patient, a pause of service does, and is forgotten', () => {
  const { bench, seen } = ward();
  const life = () => bench.state.units[0]?.slots[0]?.lives[0];
  bench.see([{ ...seen, heartbeat: beat(0, 2_500) }], 1_000);
  bench.see([{ ...seen, heartbeat: beat(0, 0) }], 60_000);
  assert.equal(life()?.longestPauseMs, 2_500);
  bench.see([{ ...seen, heartbeat: beat(0, 100) }], 700_000);
  assert.equal(life()?.longestPauseMs, 100);
});

const busyHost = { diskFreeBytes: 1, diskTotalBytes: 1, cpuRatio: 1 };
const late = { verdict: 'fail', reason: 'GET / did not answer in time', failures: 5 } as const;
const waiting = { requests: 0, errors: 0, inFlight: 4, oldestWaitMs: 9_000 };
const table = [
  ['the watcher is silent', { heartbeat: { kind: 'silent', silentMs: 9_000 }, usage: usage(9_000), traffic: waiting }],
  ['probes and requests are late', { heartbeat: beat(5_000), live: late, ready: late, traffic: waiting }],
  ['the loop burns its core and turns', { heartbeat: beat(100), live: late, ready: late, usage: usage(60_000) }],
] as const;
for (const [what, over] of table)
  test(`on a busy host nobody is killed when ${what}`, () => {
    const { bench, seen } = ward();
    const observation = { full: false, host: busyHost, replicas: [{ ...seen, ...over }] };
    for (let i = 0; i < 40; i++) bench.feed({ kind: 'Observed', observation }, 250);
    assert.deepEqual(bench.told('condemned'), []);
    assert.equal(bench.all('StopReplica').length, 0);
  });

test('a stall during the first start is never called healed', () => {
  const bench = createBench([buildUnit({ name: 'orders', replicas: 1 })]);
  const [start] = bench.all('StartReplica');
  assert.ok(start);
  const seen = buildSeen('orders', 0, { incarnation: start.incarnation });
  bench.see([seen], 100);
  bench.see([seen], 50);
  bench.see([{ ...seen, heartbeat: beat(1_200) }], 50);
  bench.see([seen], 100);
  bench.feed({ kind: 'TimePassed' }, 5_000);
  assert.equal(bench.state.incidents[0]?.outcome, 'inconclusive');
});

test('a new life that a debugger holds is neither called healed nor given the place of the one that serves', () => {
  const { bench, seen: old } = ward();
  const ordered = { kind: 'restart', unit: 'orders', replica: old.replica } as const;
  bench.feed({ kind: 'OrderReceived', id: '1', by: 'ann', order: ordered }, 1_000);
  const start = bench.all('StartReplica').at(-1);
  assert.ok(start);
  const held = (stalledMs: number) =>
    buildSeen('orders', 0, { incarnation: start.incarnation, heartbeat: { ...beat(stalledMs), inspected: true } });
  bench.see([held(500)], 500);
  for (let stalledMs = 1_000; stalledMs < 20_000; stalledMs += 500) bench.see([held(stalledMs)], 500);
  assert.deepEqual([bench.told('verified'), bench.told('condemned'), bench.all('StopReplica')], [[], [], []]);
  bench.see([held(0)], 500);
  bench.feed({ kind: 'TimePassed' }, 5_000);
  bench.feed({ kind: 'TimePassed' }, 5_000);
  assert.equal(bench.told('verified').length, 1);
  assert.deepEqual(
    bench.all('StopReplica').map((one) => one.incarnation),
    [old.incarnation],
  );
});

test('a lag of our own begins the count anew, and makes nobody who is stopped work again', () => {
  const { bench, seen } = ward();
  const stopped = { ...seen, process: { kind: 'stopped' } } as const;
  bench.see([stopped], 1_000);
  bench.see([stopped], 2_000);
  bench.feed({ kind: 'ObserverLagged', lagMs: 900 }, 900);
  assert.deepEqual(
    bench.told('info').filter((text) => text.includes('works again')),
    [],
  );
  for (let ms = 0; ms < 2_500; ms += 500) bench.see([stopped], 500);
  assert.deepEqual(bench.told('condemned'), []);
  for (let ms = 0; ms < 1_000; ms += 500) bench.see([stopped], 500);
  assert.equal(bench.told('condemned').length, 1);
});
