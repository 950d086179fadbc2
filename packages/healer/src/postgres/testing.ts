// A cluster of three nodes on the bench, as it serves: what its tests begin with.
// See testing.ts one room up for the bench itself.
import assert from 'node:assert/strict';
import type { Incarnation, ReplicaObservation, UnitSpec } from '@hale/model';
import { type Bench, buildSeen, buildUnit, createBench } from '../testing.ts';

export const cluster = buildUnit({
  name: 'db',
  role: 'postgres',
  replicas: 3,
  surge: false,
  routed: false,
  zones: ['a', 'b', 'c'],
  cluster: { acknowledgers: 1 },
});

export type Database = NonNullable<ReplicaObservation['database']>;

/** The newest life of each node. */
export function livesOf(bench: Bench): Incarnation[] {
  return [0, 1, 2].map(
    (ordinal) => bench.all('StartReplica').findLast((one) => one.replica === `db/${ordinal}`)!.incarnation,
  );
}

export function node(bench: Bench, ordinal: number, database: Partial<Database>, of: Partial<ReplicaObservation> = {}) {
  const standby = { role: 'standby', term: 1, logEnd: 100, streaming: true, lagMs: undefined } as const;
  const heartbeat = { kind: 'none' } as const;
  const incarnation = livesOf(bench)[ordinal]!;
  return buildSeen('db', ordinal, { incarnation, heartbeat, database: { ...standby, ...database }, ...of });
}

export function finish(
  bench: Bench,
  kind: 'FenceStandby' | 'FollowPrimary' | 'PromoteStandby',
  logEnds: readonly number[] = [],
) {
  const open = bench.all(kind).slice(-Math.max(1, logEnds.length));
  for (const [place, { id }] of open.entries()) {
    const logEnd = logEnds[place];
    const result = logEnd === undefined ? ({ kind: 'done' } as const) : ({ kind: 'done', logEnd } as const);
    bench.feed({ kind: 'CommandFinished', command: id, result }, 10);
  }
}

/** db/0 writes, the others follow it. */
export function serving(others: readonly UnitSpec[] = []): Bench {
  const bench = createBench([cluster, ...others]);
  const [start] = bench.all('StartReplica');
  assert.equal(bench.all('StartReplica').length, 1, 'a standby has nobody to copy yet');
  assert.deepEqual(start?.database, { term: 1, primary: 'db/0', from: undefined });
  const first = start!.incarnation;
  const primary = { role: 'primary', term: 1, logEnd: 100, streaming: true, lagMs: undefined } as const;
  bench.see([buildSeen('db', 0, { incarnation: first, heartbeat: { kind: 'none' }, database: primary })], 100);
  assert.equal(bench.all('StartReplica').filter((one) => one.replica.startsWith('db/')).length, 3);
  bench.see([node(bench, 1, { streaming: false }), node(bench, 2, { streaming: false })], 100);
  for (const { id } of bench.all('FollowPrimary'))
    bench.feed({ kind: 'CommandFinished', command: id, result: { kind: 'done' } }, 10);
  bench.see([node(bench, 0, primary), node(bench, 1, {}), node(bench, 2, {})], 1_000, true);
  return bench;
}

export const died = { process: { kind: 'exited', code: undefined, signal: 'SIGKILL' } } as const;
