// The brain as a whole, one small story a test: what is commanded when this and that is seen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '@hale/base';
import { restoreState } from './state.ts';
import { step } from './step.ts';
import { bringUp, buildSeen, buildUnit, createBench } from './testing.ts';
import { viewOf } from './view.ts';

const identity = { system: 'ward', id: 'w', zones: ['a', 'b'] };

function upBench(...units: Parameters<typeof buildUnit>[0][]) {
  const bench = createBench(units.map(buildUnit));
  bringUp(bench);
  return bench;
}

function lifeOf(bench: ReturnType<typeof upBench>, unit: number, slot: number) {
  const life = bench.state.units[unit]?.slots[slot]?.lives.at(-1);
  assert.ok(life?.seen);
  return { incarnation: life.incarnation, seen: life.seen };
}

test('starts nothing before the first full observation, then in the order of uses', () => {
  const bench = createBench([buildUnit({ name: 'orders', uses: ['db'] }), buildUnit({ name: 'db', replicas: 1 })]);
  assert.deepEqual(
    bench.all('StartReplica').map((one) => one.replica),
    ['db/0'],
  );
  bringUp(bench);
  assert.deepEqual(
    bench
      .all('StartReplica')
      .map((one) => one.replica)
      .sort(),
    ['db/0', 'orders/0', 'orders/1'],
  );
  assert.equal(viewOf(bench.state, identity).state, 'healthy');
  assert.deepEqual(
    bench
      .all('PublishEndpoints')
      .at(-1)
      ?.table.endpoints.map((one) => one.state),
    ['in', 'in', 'in'],
  );
});

test('a crash is restarted at once, verified by the symptom and told', () => {
  const bench = upBench({ name: 'orders' });
  const { seen } = lifeOf(bench, 0, 1);
  const commands = bench.see([{ ...seen, process: { kind: 'exited', code: undefined, signal: 'SIGKILL' } }], 100);
  const start = commands.find((one) => one.kind === 'StartReplica');
  assert.ok(start?.kind === 'StartReplica' && start.replica === 'orders/1');
  bench.see([buildSeen('orders', 1, { incarnation: start.incarnation })], 600);
  bench.feed({ kind: 'TimePassed' }, 300);
  assert.deepEqual(bench.told('verified'), ['orders/1 crashed (SIGKILL); restarted, serving again after 600ms']);
  const [incident] = viewOf(bench.state, identity).incidents;
  assert.equal(incident?.outcome, 'healed');
  assert.ok((incident?.evidence.length ?? 0) >= 2);
});

test('a blocked loop is suspected at one second and condemned only with a second witness', () => {
  const bench = upBench({ name: 'orders' });
  const { seen } = lifeOf(bench, 0, 0);
  const stalled = (stalledMs: number) =>
    ({ kind: 'beating', stalledMs, longestPauseMs: 20, loopLagMs: 1, inspected: false }) as const;
  bench.see([{ ...seen, heartbeat: stalled(1_100) }], 1_100);
  assert.equal(bench.told('suspected').length, 1);
  assert.deepEqual(
    bench
      .all('PublishEndpoints')
      .at(-1)
      ?.table.endpoints.map((one) => one.state),
    ['suspect', 'in'],
  );
  bench.see([{ ...seen, heartbeat: stalled(9_000) }], 8_000);
  assert.equal(bench.all('StopReplica').length, 0);
  const usage = { cpuRatio: 1, rssBytes: 1, openFiles: 1, mainThreadStuckMs: 9_000 };
  const commands = bench.see([{ ...seen, heartbeat: stalled(9_250), usage }], 250);
  const kinds = commands.map((one) => one.kind);
  assert.ok(kinds.includes('StartReplica') && kinds.includes('StopReplica'), kinds.join());
  const stop = bench.all('StopReplica')[0];
  assert.equal(stop?.graceMs, 0);
});

test('a stopped process is suspected on sight and condemned after hang.after', () => {
  const bench = upBench({ name: 'orders' });
  const { seen } = lifeOf(bench, 0, 0);
  const stopped = { ...seen, process: { kind: 'stopped' } } as const;
  bench.see([stopped], 100);
  assert.equal(bench.told('suspected').length, 1);
  bench.feed({ kind: 'TimePassed' }, 10_000);
  assert.equal(bench.all('StopReplica').length, 0, 'silence condemns nobody (INV-04)');
  bench.see([stopped], 100);
  assert.equal(bench.all('StopReplica').length, 1);
});

test('step leaves the state it was given as it was', () => {
  const bench = upBench({ name: 'orders' });
  const before = bench.state;
  const text = JSON.stringify(before);
  const { seen } = lifeOf(bench, 0, 1);
  bench.see([{ ...seen, process: { kind: 'exited', code: 1, signal: undefined } }], 100);
  bench.feed({ kind: 'OrderReceived', id: '1', by: 'ann', order: { kind: 'scale', unit: 'orders', replicas: 4 } });
  assert.equal(JSON.stringify(before), text);
});

test('a restored state goes on exactly as the one it was made from', () => {
  const bench = upBench({ name: 'orders' });
  const restored = restoreState(JSON.stringify(bench.state));
  assert.ok(restored);
  const { seen } = lifeOf(bench, 0, 1);
  const event = {
    at: { wall: 1, mono: 99_000, bootId: 'boot' },
    kind: 'Observed',
    observation: {
      full: false,
      host: undefined,
      replicas: [{ ...seen, process: { kind: 'exited', code: 1, signal: undefined } }],
    },
  } as const;
  assert.equal(canonicalJson(step(restored, event)), canonicalJson(step(bench.state, event)));
  assert.equal(restoreState('{"stateVersion":999,"units":[]}'), undefined);
  assert.equal(restoreState('no json'), undefined);
});

test('a rollout replaces one at a time, the new one first', () => {
  const bench = upBench({ name: 'orders', replicas: 3 });
  bench.feed(
    { kind: 'SystemDeclared', release: 2, units: [buildUnit({ name: 'orders', replicas: 3, fingerprint: 'two' })] },
    100,
  );
  assert.equal(bench.all('StartReplica').length, 4);
  assert.equal(bench.all('StopReplica').length, 0);
  assert.ok(bench.told('refused').length >= 1);
  for (let round = 0; round < 3; round++) {
    bringUp(bench);
    bench.feed({ kind: 'TimePassed' }, 1_000);
    const stop = bench.all('StopReplica').at(-1);
    assert.ok(stop);
    bench.see(
      [
        buildSeen('orders', Number(stop.replica.slice(-1)), {
          incarnation: stop.incarnation,
          process: { kind: 'exited', code: 0, signal: undefined },
        }),
      ],
      100,
    );
  }
  assert.deepEqual(
    bench.all('StopReplica').map((one) => one.replica),
    ['orders/0', 'orders/1', 'orders/2'],
  );
  assert.ok(bench.state.units[0]?.slots.every((slot) => slot.lives.length === 1 && slot.lives[0]?.release === 2));
});

test('a release that is declared again with another fingerprint replaces nobody for ever', () => {
  const bench = upBench({ name: 'orders' });
  bench.feed({ kind: 'SystemDeclared', release: 1, units: [buildUnit({ name: 'orders', fingerprint: 'other' })] }, 100);
  bringUp(bench);
  bench.feed({ kind: 'TimePassed' }, 60_000);
  bringUp(bench);
  assert.equal(bench.all('StartReplica').length, 2);
  assert.ok(bench.state.units[0]?.slots.every((slot) => slot.restarts === 0 && slot.turnAt === undefined));
});

test('a call to a person that is not known to have gone out is made again by the next leader, once', () => {
  const bench = upBench({ name: 'orders', replicas: 1 });
  const failed = { kind: 'failed', code: 'X', message: 'no such program', hint: 'write it' } as const;
  bench.see([{ ...lifeOf(bench, 0, 0).seen, process: { kind: 'exited', code: 1, signal: undefined } }], 100);
  for (let i = 0; i < 3; i++) {
    const start = bench.all('StartReplica').at(-1);
    assert.ok(start);
    bench.feed({ kind: 'CommandFinished', command: start.id, result: failed }, 10);
    bench.feed({ kind: 'TimePassed' }, 5_000);
  }
  assert.equal(bench.all('PagePerson').length, 1);
  bench.feed({ kind: 'LeaderElected', epoch: 2, seed: 8 });
  const again = bench.all('PagePerson').at(-1);
  assert.ok(again !== undefined && bench.all('PagePerson').length === 2);
  bench.feed({ kind: 'CommandFinished', command: again.id, result: { kind: 'done' } });
  bench.feed({ kind: 'LeaderElected', epoch: 3, seed: 9 });
  assert.equal(bench.all('PagePerson').length, 2);
});

test('until it has looked, a new term says that its picture is what was known before', () => {
  const bench = upBench({ name: 'orders', replicas: 1 });
  const trouble = () => viewOf(bench.state, identity).trouble;
  assert.equal(trouble(), undefined);
  bench.feed({ kind: 'LeaderElected', epoch: 2, seed: 8 });
  assert.match(trouble() ?? '', /has not looked yet/);
  // A word about one replica is not a look at all of them.
  bench.see([lifeOf(bench, 0, 0).seen], 10);
  assert.match(trouble() ?? '', /has not looked yet/);
  bench.see([lifeOf(bench, 0, 0).seen], 10, true);
  assert.equal(trouble(), undefined);
});

test('a full look that was taken before a start does not end what was started', () => {
  const bench = upBench({ name: 'orders', replicas: 1 });
  const { seen } = lifeOf(bench, 0, 0);
  const commands = bench.see([{ ...seen, process: { kind: 'exited', code: 1, signal: undefined } }], 100);
  const [start] = commands.flatMap((one) => (one.kind === 'StartReplica' ? [one] : []));
  assert.ok(start);
  bench.feed({ kind: 'CommandFinished', command: start.id, result: { kind: 'done' } }, 20);
  assert.deepEqual(
    bench.see([], 800, true).filter((one) => one.kind === 'StartReplica'),
    [],
  );
  // One that is taken long after lists whatever lives.
  bench.see([], 30_000, true);
  bench.feed({ kind: 'TimePassed' }, 5_000);
  assert.equal(bench.all('StartReplica').length, 3);
});

test('what was seen before our own loop was late, and waited, was not seen now', () => {
  const bench = upBench({ name: 'orders', replicas: 1 });
  const { seen } = lifeOf(bench, 0, 0);
  const { now } = bench.state;
  const at = (mono: number) => ({ ...bench.state.at, mono });
  const lagged = step(bench.state, { kind: 'ObserverLagged', at: at(now + 9_000), lagMs: 9_000 });
  const observation = { full: false, replicas: [seen], host: undefined };
  const { state } = step(lagged.state, { kind: 'Observed', at: at(now + 2_000), observation });
  assert.deepEqual([state.units[0]?.slots[0]?.lives[0]?.seenAt, state.now], [now + 2_000, now + 9_000]);
});
