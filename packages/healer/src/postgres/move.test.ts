// A move to another region on the bench, move by move: who may take over, what is told of what is missing, and that nobody moves by itself.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Incarnation, ReplicaObservation } from '@hale/model';
import { type Bench, buildSeen, buildUnit, createBench } from '../testing.ts';

/** db/0, db/1 and db/2 at home, db/3 in us. */
const unit = buildUnit({
  ...{ name: 'db', role: 'postgres', replicas: 4, surge: false, routed: false, zones: ['a', 'b', 'c'] },
  cluster: { acknowledgers: 1, regions: { home: 'eu', distant: ['us'] } },
});
const all = [0, 1, 2, 3];
const died = { process: { kind: 'exited', code: undefined, signal: 'SIGKILL' } } as const;

type Database = NonNullable<ReplicaObservation['database']>;

function lifeOf(bench: Bench, ordinal: number): Incarnation {
  return bench.all('StartReplica').findLast((one) => one.replica === `db/${ordinal}`)!.incarnation;
}

function node(bench: Bench, ordinal: number, database: Partial<Database>, of: Partial<ReplicaObservation> = {}) {
  const role = ordinal === 0 ? 'primary' : 'standby';
  const seen = { role, term: 1, logEnd: 100, streaming: true, lagMs: undefined, ...database } as const;
  const life = { incarnation: lifeOf(bench, ordinal), heartbeat: { kind: 'none' } as const };
  return buildSeen('db', ordinal, { ...life, database: seen, ...of });
}

function done(bench: Bench, id: string, logEnd?: number): void {
  const result = { kind: 'done', ...(logEnd !== undefined && { logEnd }) } as const;
  bench.feed({ kind: 'CommandFinished', command: id as never, result }, 10);
}

function serving(): Bench {
  const bench = createBench([unit]);
  const first = bench.all('StartReplica')[0]!.incarnation;
  const primary = { role: 'primary', term: 1, logEnd: 100, streaming: true, lagMs: undefined } as const;
  bench.see([buildSeen('db', 0, { incarnation: first, heartbeat: { kind: 'none' }, database: primary })], 100);
  bench.see(
    [1, 2, 3].map((ordinal) => node(bench, ordinal, { streaming: false })),
    100,
  );
  for (const { id } of bench.all('FollowPrimary')) done(bench, id);
  bench.see(
    all.map((ordinal) => node(bench, ordinal, {})),
    1_000,
    true,
  );
  return bench;
}

const order = (bench: Bench, region: string) =>
  bench.feed({ kind: 'OrderReceived', id: 'o1', by: 'a person', order: { kind: 'failover', unit: 'db', region } }, 10);
/** The old primary was being started again: that is called off. */
function ended(bench: Bench): void {
  assert.deepEqual([bench.all('StopReplica').at(-1)?.replica, bench.all('StopReplica').at(-1)?.graceMs], ['db/0', 0]);
  bench.see([node(bench, 0, {}, died)], 100);
}

const told = (bench: Bench, words: RegExp) => bench.all('Tell').filter(({ note }) => words.test(note.text));
const fenced = (bench: Bench) => bench.all('FenceStandby').map((one) => one.replica);
const promoted = (bench: Bench) => bench.all('PromoteStandby').map((one) => [one.replica, one.alone ?? false]);

describe('another region', () => {
  test('its copy follows, stands in no quorum, and nobody is led to it', () => {
    const bench = serving();
    assert.deepEqual(
      bench.all('FollowPrimary').map((one) => one.replica),
      ['db/1', 'db/2', 'db/3'],
    );
    assert.equal(bench.all('StartReplica').find((one) => one.replica === 'db/3')?.zone, 'us');
    const readers = bench.all('PublishEndpoints').at(-1)?.table.databases?.[0]?.readers;
    assert.deepEqual(
      readers?.map((one) => one.replica),
      ['db/1', 'db/2'],
    );
    bench.see([node(bench, 0, {}, died)], 100);
    assert.deepEqual(fenced(bench), ['db/1', 'db/2']);
  });

  test('a standby takes over at home: the copy goes on with what it has, unless that is more than the new primary has', () => {
    for (const [logEnd, goesOn] of [
      [110, true],
      [130, false],
    ] as const) {
      const bench = serving();
      bench.see([node(bench, 0, {}, died)], 100);
      for (const { id } of bench.all('FenceStandby')) done(bench, id, 120);
      done(bench, bench.all('PromoteStandby').at(-1)!.id);
      bench.see([node(bench, 1, { role: 'primary', term: 2, logEnd: 121 }), node(bench, 3, {})], 100);
      const asked = bench.all('FenceStandby').at(-1)!;
      assert.deepEqual([asked.replica, asked.term], ['db/3', 2]);
      done(bench, asked.id, logEnd);
      bench.see([node(bench, 3, {})], 100);
      assert.equal(bench.all('FollowPrimary').at(-1)?.replica === 'db/3', goesOn, `${logEnd}`);
      assert.equal(told(bench, /db\/3 is of an older term: its data is copied anew/).length, goesOn ? 0 : 1);
    }
  });

  test('the region of everybody is lost: nobody moves until a person says so, and then what is missing is told', () => {
    const bench = serving();
    bench.see([node(bench, 0, { logEnd: 340 }), node(bench, 3, { logEnd: 300 })], 500);
    bench.see(
      [0, 1, 2].map((ordinal) => node(bench, ordinal, {}, died)),
      100,
    );
    assert.deepEqual(promoted(bench), []);
    order(bench, 'us');
    ended(bench);
    assert.deepEqual(fenced(bench), ['db/3']);
    done(bench, bench.all('FenceStandby').at(-1)!.id, 300);
    assert.deepEqual(promoted(bench), [['db/3', false]]);
    assert.equal(
      told(
        bench,
        /db\/3 is the primary of term 2: it lacks the last 40B that were seen, and may lack what was acknowledged in the \d/,
      ).length,
      1,
    );
    // No standby is left to wait for.
    done(bench, bench.all('PromoteStandby').at(-1)!.id);
    bench.see([node(bench, 3, { role: 'primary', term: 2, logEnd: 300 })], 500);
    assert.deepEqual(promoted(bench).at(-1), ['db/3', true]);
    done(bench, bench.all('PromoteStandby').at(-1)!.id);
    for (let i = 0; i < 20; i++) bench.see([node(bench, 3, { role: 'primary', term: 2, logEnd: 300 })], 500);
    const start = bench.all('StartReplica').at(-1);
    assert.deepEqual([start?.replica, start?.database?.primary, start?.database?.term], ['db/0', 'db/3', 2]);
  });

  test('the primary runs: it is asked to stop first, and who could still acknowledge is fenced too', () => {
    const bench = serving();
    order(bench, 'us');
    assert.deepEqual(fenced(bench), []);
    const stop = bench.all('StopReplica').at(-1);
    assert.equal(stop?.replica, 'db/0');
    bench.see([node(bench, 0, {}, { process: { kind: 'exited', code: 0, signal: undefined } })], 100);
    assert.deepEqual(fenced(bench), ['db/1', 'db/2', 'db/3']);
    for (const { id } of bench.all('FenceStandby')) done(bench, id, 120);
    assert.deepEqual(promoted(bench), [['db/3', false]]);
    assert.equal(told(bench, /it lacks nothing that was acknowledged/).length, 1);
  });

  test('what makes no sense is refused aloud', () => {
    const bench = serving();
    order(bench, 'mars');
    order(bench, 'eu');
    assert.equal(told(bench, /db is in no region 'mars'; there are: eu, us/).length, 1);
    assert.equal(told(bench, /db is in eu already/).length, 1);
    const single = createBench([buildUnit({ name: 'db', role: 'postgres', replicas: 1 })]);
    order(single, 'us');
    assert.equal(told(single, /db is no database with standbys/).length, 1);
  });

  test('the node of the region dies in the middle: the old one is the primary again', () => {
    const bench = serving();
    bench.see(
      [0, 1, 2].map((ordinal) => node(bench, ordinal, {}, died)),
      100,
    );
    order(bench, 'us');
    ended(bench);
    bench.see([node(bench, 3, {}, died)], 100);
    assert.equal(told(bench, /db is not moved: db\/3 did not answer/).length, 1);
    bench.feed({ kind: 'TimePassed' }, 5_000);
    const start = bench.all('StartReplica').at(-1);
    assert.deepEqual([start?.replica, start?.database?.primary], ['db/0', 'db/0']);
  });
});
