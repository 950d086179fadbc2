// The bench: its three whistles, its seats, its sentences, its mercy and what it says of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { tries } from '@hale/base/testing';
import fc from 'fast-check';
import {
  createOutlierEjection,
  type Detector,
  defaultEjection,
  type Ejectable,
  type EjectionEvent,
  type EjectionOptions,
  unblemished,
} from './outlier-ejection.ts';

const quick = { ...defaultEjection, consecutiveErrors: 3, probationErrors: 3, baseMs: 100, maxMs: 1000, jitter: 0 };

interface Player extends Ejectable {
  readonly name: number;
}

function pitch(size: number, over: Partial<EjectionOptions> = {}) {
  const team = Array.from({ length: size }, (_, name): Player => ({ ...unblemished, name }));
  const said: string[] = [];
  const tell = (event: EjectionEvent<Player>) =>
    said.push('host' in event ? `${event.kind} ${event.host.name}` : `${event.kind} ${event.what}`);
  const ejection = createOutlierEjection<Player>({ ...quick, ...over }, { unit: createRng(3).unit, onEvent: tell });
  const fail = (host: Player, times: number, nowMs: number) => {
    for (let i = 0; i < times; i++) ejection.failed(host, nowMs);
  };
  const succeedAll = (hosts: readonly Player[], nowMs: number) => {
    for (const host of hosts) for (let i = 0; i < 10; i++) ejection.succeeded(host, 5, nowMs + 5);
  };
  return { team, said, ejection, fail, succeedAll };
}

test('sentences double up to the longest, and a lasting recovery wipes the record', () => {
  const { team, ejection, fail, succeedAll } = pitch(2);
  const [host, other] = [team[0]!, team[1]!];
  const lengths: number[] = [];
  let nowMs = 0;
  for (let round = 0; round < 6; round++) {
    fail(host, 3, nowMs);
    succeedAll([other], nowMs);
    ejection.judge(team, nowMs);
    lengths.push(host.ejectedUntilMs - nowMs);
    nowMs = host.ejectedUntilMs;
    ejection.judge(team, nowMs);
  }
  assert.deepEqual(lengths, [100, 200, 400, 800, 1000, 1000]);
  ejection.succeeded(host, 5, nowMs + 500);
  assert.equal(host.timesEjected, 6);
  ejection.succeeded(host, 5, nowMs + 1001);
  assert.equal(host.timesEjected, 0);
});

test('one that is back goes again at its first failure, until it has given a good answer', () => {
  for (const [goodFirst, expected] of [
    [false, true],
    [true, false],
  ]) {
    const { team, ejection, fail, succeedAll } = pitch(3, { probationErrors: 1 });
    const host = team[0]!;
    fail(host, 3, 0);
    succeedAll(team.slice(1), 1);
    ejection.judge(team, 1);
    ejection.judge(team, 200);
    if (goodFirst === true) ejection.succeeded(host, 5, 210);
    fail(host, 1, 220);
    succeedAll(team.slice(1), 221);
    ejection.judge(team, 221);
    assert.equal(ejection.isOut(host, 222), expected);
  }
});

test('nobody is sent off before more than half of the team is heard to be well', () => {
  const { team, said, ejection, fail, succeedAll } = pitch(5);
  const host = team[0]!;
  succeedAll(team, 0);
  fail(host, 3, 10);
  ejection.judge(team, 10);
  assert.deepEqual(said, [], 'the others have not played since');
  succeedAll(team.slice(1, 3), 20);
  ejection.judge(team, 20);
  assert.deepEqual(said, [], 'two of five');
  succeedAll(team.slice(3, 4), 30);
  ejection.judge(team, 30);
  assert.deepEqual(said, ['ejected 0']);
});

test('a fault that half of them have sends nobody off, however many failures, and is said once', () => {
  const { team, said, ejection, fail, succeedAll } = pitch(6);
  for (let nowMs = 0; nowMs < 5000; nowMs += 10) {
    for (const host of team.slice(0, 3)) fail(host, 1, nowMs);
    succeedAll(team.slice(3), nowMs);
    ejection.judge(team, nowMs);
  }
  assert.deepEqual(said, ['shared-fault errors', 'spared 0', 'spared 1', 'spared 2']);
  assert.deepEqual(ejection.sharedFaults, ['errors']);
  for (let nowMs = 5000; nowMs < 9000; nowMs += 10) {
    succeedAll(team, nowMs);
    ejection.judge(team, nowMs);
  }
  assert.equal(said.at(-1), 'shared-fault-over errors');
});

/** A second after a second of what each host does; gives what was said. */
function play(
  size: number,
  does: (host: number, roll: number) => { ok: boolean; ms: number },
  over: Partial<EjectionOptions> = {},
): readonly string[] {
  const { team, said, ejection } = pitch(size, { baseMs: 1e6, maxMs: 1e6, consecutiveErrors: 1e9, ...over });
  const rng = createRng(11);
  for (let nowMs = 0; nowMs < 5000; nowMs += 25) {
    ejection.judge(team, nowMs);
    for (const host of team) {
      const { ok, ms } = does(host.name, rng.unit());
      if (ok) ejection.succeeded(host, ms, nowMs);
      else ejection.failed(host, nowMs);
    }
  }
  return said;
}

test('by shares: who fails or is slow more often than the team, and only if that is no accident', () => {
  const cases: [string, Parameters<typeof play>[1], string[]][] = [
    ['all well', () => ({ ok: true, ms: 5 }), []],
    ['one fails half the time', (host, roll) => ({ ok: host !== 0 || roll > 0.5, ms: 5 }), ['ejected 0']],
    ['one fails now and then', (host, roll) => ({ ok: host !== 0 || roll > 0.1, ms: 5 }), []],
    ['all fail half the time', (_, roll) => ({ ok: roll > 0.5, ms: 5 }), ['shared-fault errors']],
    ['one is ten times slower', (host, roll) => ({ ok: true, ms: (host === 0 ? 50 : 5) + roll }), ['ejected 0']],
    ['one is twice as slow', (host, roll) => ({ ok: true, ms: (host === 0 ? 10 : 5) + roll }), []],
    ['all answer fast or slow', (_, roll) => ({ ok: true, ms: roll > 0.4 ? 1 : 100 }), []],
    ['half are ten times slower', (host) => ({ ok: true, ms: host < 5 ? 50 : 5 }), []],
  ];
  for (const [name, does, expected] of cases) assert.deepEqual(play(10, does), expected, name);
});

test('half of them become slow: nobody is sent off, and it is said', () => {
  let answers = 0;
  const said = play(10, (host) => ({ ok: true, ms: host < 5 && answers++ > 500 ? 50 : 5 }));
  assert.deepEqual(said.slice(0, 1), ['shared-fault slow']);
  assert.ok(!said.some((what) => what.startsWith('ejected')));
});

test('each whistle has a dial: at 0 it is only told', () => {
  const enforce = (of: Detector) => ({ enforce: { ...defaultEjection.enforce, [of]: 0 } });
  const slow = play(10, (host) => ({ ok: true, ms: host === 0 ? 50 : 5 }), enforce('slow'));
  assert.deepEqual([...new Set(slow)], ['spared 0']);
  const errors = play(10, (host) => ({ ok: host !== 0, ms: 5 }), enforce('errors'));
  assert.deepEqual([...new Set(errors)], ['spared 0']);
  const streak = pitch(3, enforce('streak'));
  streak.fail(streak.team[0]!, 3, 0);
  streak.succeedAll(streak.team.slice(1), 1);
  assert.equal(streak.ejection.judge(streak.team, 1), false);
  assert.deepEqual(streak.said, ['spared 0']);
});

test('the only host is never sent off; panic below half', () => {
  const { team, said, ejection, fail } = pitch(1);
  fail(team[0]!, 10, 0);
  ejection.judge(team, 0);
  assert.deepEqual(said, ['spared 0']);
  const out = { ...unblemished, name: 0, ejectedUntilMs: 10 };
  const plays = { ...unblemished, name: 1 };
  assert.equal(ejection.isPanic([out, plays], 0), false);
  assert.equal(ejection.isPanic([out, { ...out }, plays], 0), true);
});

test('never more on the bench than seats; only after exactly that many errors in a row', () => {
  const step = fc.record({ host: fc.nat(9), ok: fc.boolean(), waitMs: fc.nat(60) });
  const property = fc.property(fc.integer({ min: 1, max: 10 }), fc.array(step, { maxLength: 200 }), (size, steps) => {
    const enforce = { streak: 1, errors: 0, slow: 0 };
    const { team, ejection } = pitch(size, { shareMax: 0.3, enforce });
    const inRow = new Array<number>(size).fill(0);
    const seats = size < 2 ? 0 : Math.max(1, Math.floor(size * 0.3));
    let nowMs = 0;
    for (const { host: at, ok, waitMs } of steps) {
      nowMs += waitMs;
      const host = team[at % size]!;
      const wasOut = team.map((one) => ejection.isOut(one, nowMs));
      if (wasOut[host.name] === true) continue;
      inRow[host.name] = ok ? 0 : inRow[host.name]! + 1;
      if (ok) ejection.succeeded(host, 5, nowMs);
      else ejection.failed(host, nowMs);
      ejection.judge(team, nowMs);
      for (const one of team) {
        if (wasOut[one.name] === true || !ejection.isOut(one, nowMs)) continue;
        assert.ok(inRow[one.name]! >= 3, `sent off after ${inRow[one.name]}`);
        inRow[one.name] = 0;
      }
      assert.ok(team.filter((one) => ejection.isOut(one, nowMs)).length <= seats);
    }
  });
  fc.assert(property, { seed: 24, numRuns: tries(100, 1_000) });
});
