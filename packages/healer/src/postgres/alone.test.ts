// `durability: 'available'` on the bench, move by move: when the primary goes on alone, when it waits again, and what a failover may cost.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Incarnation, ReplicaObservation } from '@hale/model';
import { type Bench, buildSeen, buildUnit, createBench } from '../testing.ts';

const unit = (mayGoAlone: boolean) =>
  buildUnit({
    ...{ name: 'db', role: 'postgres', replicas: 3, surge: false, routed: false, zones: ['a', 'b', 'c'] },
    cluster: { acknowledgers: 1, ...(mayGoAlone && { mayGoAlone: true as const }) },
  });

type Database = NonNullable<ReplicaObservation['database']>;
const died = { process: { kind: 'exited', code: undefined, signal: 'SIGKILL' } } as const;

function livesOf(bench: Bench): Incarnation[] {
  return [0, 1, 2].map(
    (ordinal) => bench.all('StartReplica').findLast((one) => one.replica === `db/${ordinal}`)!.incarnation,
  );
}

function node(bench: Bench, ordinal: number, database: Partial<Database>, of: Partial<ReplicaObservation> = {}) {
  const role = ordinal === 0 ? 'primary' : 'standby';
  const seen = { role, term: 1, logEnd: 100, streaming: true, lagMs: undefined, ...database } as const;
  const incarnation = livesOf(bench)[ordinal]!;
  return buildSeen('db', ordinal, { incarnation, heartbeat: { kind: 'none' }, database: seen, ...of });
}

/** db/0 writes, the others follow it. */
function serving(mayGoAlone = true): Bench {
  const bench = createBench([unit(mayGoAlone)]);
  const first = bench.all('StartReplica')[0]!.incarnation;
  const primary = { role: 'primary', term: 1, logEnd: 100, streaming: true, lagMs: undefined } as const;
  bench.see([buildSeen('db', 0, { incarnation: first, heartbeat: { kind: 'none' }, database: primary })], 100);
  bench.see([node(bench, 1, { streaming: false }), node(bench, 2, { streaming: false })], 100);
  for (const { id } of bench.all('FollowPrimary')) done(bench, id);
  bench.see([node(bench, 0, {}), node(bench, 1, {}), node(bench, 2, {})], 1_000, true);
  return bench;
}

function done(bench: Bench, id: string, logEnd?: number): void {
  const result = { kind: 'done', ...(logEnd !== undefined && { logEnd }) } as const;
  bench.feed({ kind: 'CommandFinished', command: id as never, result }, 10);
}

/** Nobody receives any more, for `ms`; the primary goes on to `logEnd`. */
function dry(bench: Bench, ms: number, logEnd = 300): void {
  for (let at = 0; at < ms; at += 500) {
    const standbys = [1, 2].map((ordinal) => node(bench, ordinal, { streaming: false }));
    bench.see([node(bench, 0, { logEnd }), ...standbys], 500);
  }
}

const alone = (bench: Bench) => bench.all('PromoteStandby').map((one) => one.alone);
const told = (bench: Bench, words: RegExp) => bench.all('Tell').filter(({ note }) => words.test(note.text));

/** Alone, and it has said so. */
function lonely(): Bench {
  const bench = serving();
  dry(bench, 6_000);
  done(bench, bench.all('PromoteStandby').at(-1)!.id);
  dry(bench, 1_000);
  return bench;
}

describe('available', () => {
  test('no standby receives: the primary goes on alone after a while, once, and that is said', () => {
    const bench = serving();
    dry(bench, 4_500);
    assert.deepEqual(alone(bench), []);
    dry(bench, 1_500);
    assert.deepEqual(alone(bench), [true]);
    done(bench, bench.all('PromoteStandby').at(-1)!.id);
    dry(bench, 3_000);
    assert.deepEqual(alone(bench), [true]);
    assert.equal(told(bench, /goes on alone/).length, 1);
  });

  test('a connection that comes and goes and brings nothing is none', () => {
    const bench = serving();
    for (let at = 0; at < 6_000; at += 500) {
      const streaming = at % 1_000 === 0;
      const standbys = [1, 2].map((ordinal) => node(bench, ordinal, { streaming }));
      bench.see([node(bench, 0, { logEnd: 300, unsharedMs: at }), ...standbys], 500);
    }
    assert.deepEqual(alone(bench), [true]);
    assert.equal(told(bench, /what db\/0 writes has not arrived at a standby of db for 5.0s/).length, 1);
    // One that is connected and lacks what was written is no reason to wait for it.
    done(bench, bench.all('PromoteStandby').at(-1)!.id);
    const late = () => bench.see([node(bench, 0, { logEnd: 300, unsharedMs: 8_000 }), node(bench, 1, {})], 500);
    for (let i = 0; i < 4; i++) late();
    assert.deepEqual(alone(bench), [true]);
    bench.see([node(bench, 0, { logEnd: 300, unsharedMs: 0 }), node(bench, 1, { logEnd: 300 })], 500);
    assert.deepEqual(alone(bench), [true, false]);
  });

  test('a cluster in which nobody writes does not go on alone because a connection comes and goes', () => {
    const bench = serving();
    for (let at = 0; at < 20_000; at += 500) {
      const streaming = at % 1_000 === 0;
      const standbys = [1, 2].map((ordinal) => node(bench, ordinal, { streaming }));
      bench.see([node(bench, 0, { unsharedMs: 0 }), ...standbys], 500);
    }
    assert.deepEqual(alone(bench), []);
    assert.equal(told(bench, /copied anew/).length, 0);
  });

  test('one that writes and is heard late waits', () => {
    const bench = serving();
    for (let at = 0; at < 20_000; at += 500)
      bench.see(
        [0, 1, 2].map((ordinal) => node(bench, ordinal, { unsharedMs: at % 5_000 })),
        500,
      );
    assert.deepEqual(alone(bench), []);
  });

  test('told to wait again, and then a connection is gone for a moment: no reason to go on alone at once', () => {
    const bench = lonely();
    bench.see([node(bench, 0, { logEnd: 400, unsharedMs: 0 }), node(bench, 1, { logEnd: 400 })], 500);
    done(bench, bench.all('PromoteStandby').at(-1)!.id);
    bench.see([node(bench, 0, { logEnd: 400, unsharedMs: 0 }), node(bench, 1, { logEnd: 400 })], 500);
    dry(bench, 4_000);
    assert.deepEqual(alone(bench), [true, false]);
    dry(bench, 2_000);
    assert.deepEqual(alone(bench), [true, false, true]);
  });

  test('a standby that is connected now and then and brings nothing is copied anew', () => {
    const bench = serving();
    for (let at = 0; at < 22_000; at += 500) {
      const logEnd = 300 + at;
      const flickers = node(bench, 1, { streaming: at % 1_000 !== 0 });
      bench.see([node(bench, 0, { logEnd, unsharedMs: 0 }), flickers, node(bench, 2, { logEnd })], 500);
    }
    assert.equal(told(bench, /db\/1 follows and receives nothing: its data is copied anew/).length, 1);
  });

  test('no answer to that order is no reason to believe that it was not done', () => {
    const bench = serving();
    dry(bench, 6_000);
    bench.feed({
      kind: 'CommandFinished',
      command: bench.all('PromoteStandby').at(-1)!.id,
      result: { kind: 'timeout' },
    });
    bench.see([node(bench, 0, { logEnd: 400 }), node(bench, 1, { logEnd: 400 })], 1_000);
    assert.equal(alone(bench).at(-1), false, 'it is told to wait again');
  });

  test('under no-acked-loss writes wait, however long it takes', () => {
    const bench = serving(false);
    dry(bench, 15_000);
    assert.deepEqual(alone(bench), []);
  });

  test('one receives again: writes wait for it, and it counts once it has what was acknowledged alone', () => {
    const bench = lonely();
    bench.see([node(bench, 0, { logEnd: 400 }), node(bench, 1, { logEnd: 350 })], 500);
    assert.deepEqual(alone(bench), [true, false]);
    done(bench, bench.all('PromoteStandby').at(-1)!.id);
    for (let at = 0; at < 12_000; at += 500)
      bench.see(
        [node(bench, 0, { logEnd: 500 }), node(bench, 1, { logEnd: 350 }), node(bench, 2, { logEnd: 350 })],
        500,
      );
    assert.equal(told(bench, /writes wait for it again/).length, 1);
    // Fenced at 350 while 500 had been reached alone: nobody may take over.
    bench.see([node(bench, 0, {}, died)], 100);
    for (const { id } of bench.all('FenceStandby').slice(-2)) done(bench, id, 350);
    assert.deepEqual(alone(bench), [true, false], 'nobody was promoted');
    assert.equal(told(bench, /none has all of the earlier terms/).length, 1);
  });

  test('what it says it has is of the time when it could be asked: a standby does not count for more than is known', () => {
    const bench = lonely();
    bench.see([node(bench, 0, { logEnd: 400, unsharedMs: 0 }), node(bench, 1, { logEnd: 400 })], 500);
    done(bench, bench.all('PromoteStandby').at(-1)!.id);
    const look = (database: Partial<Database>, of: Partial<ReplicaObservation> = {}) =>
      bench.see([node(bench, 0, { logEnd: 400, ...database }, of), node(bench, 1, { logEnd: 400 })], 500);
    for (let at = 0; at < 15_000; at += 500) look({ agoMs: at });
    assert.equal(told(bench, /writes wait for it again/).length, 0, 'it says what it said long ago');
    look({}, { ready: { verdict: 'fail', reason: 'no answer', failures: 3 } });
    assert.equal(told(bench, /writes wait for it again/).length, 0, 'it does not answer');
    look({});
    assert.equal(told(bench, /writes wait for it again/).length, 1);
  });

  test('the primary is lost while it was alone: it is started again, and nobody takes over on a guess', () => {
    const bench = lonely();
    const starts = bench.all('StartReplica').length;
    bench.see([node(bench, 0, {}, died)], 100);
    assert.equal(bench.all('FenceStandby').length, 0);
    bench.feed({ kind: 'TimePassed' }, 2_000);
    assert.equal(bench.all('StartReplica').at(-1)?.replica, 'db/0');
    assert.equal(bench.all('StartReplica').length, starts + 1);
    assert.equal(told(bench, /only it has everything/).length, 1);
  });

  test('it does not come back: the furthest takes over, and how much may be missing is told', () => {
    const bench = lonely();
    for (let tries = 0; tries < 60 && bench.all('FenceStandby').length === 0; tries++) {
      const life = bench.all('StartReplica').findLast((one) => one.replica === 'db/0')!;
      bench.see([node(bench, 0, {}, { incarnation: life.incarnation, ...died })], 500);
      bench.see(
        [node(bench, 1, { streaming: false, logEnd: 120 }), node(bench, 2, { streaming: false, logEnd: 110 })],
        500,
      );
    }
    const fences = bench.all('FenceStandby');
    assert.equal(fences.length, 2);
    done(bench, fences[0]!.id, 120);
    done(bench, fences[1]!.id, 110);
    const promoted = bench.all('PromoteStandby').at(-1);
    assert.deepEqual([promoted?.replica, promoted?.term, promoted?.alone], ['db/1', 2, undefined]);
    assert.equal(
      told(
        bench,
        /did not come back: db\/1 becomes .* may lack up to 180B that were seen, and what was acknowledged in the \d+s since/,
      ).length,
      1,
    );
  });
});
