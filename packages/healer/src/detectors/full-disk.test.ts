// What the healer makes of a full disk: it is named where somebody says so, a person is asked once, and room is looked for again and again.
// No disk is filled here: bench/state does that.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReplicaObservation } from '@hale/model';
import { limits } from '../limits.ts';
import { type Bench, bringUp, buildSeen, buildUnit, createBench, failing } from '../testing.ts';
import { viewOf } from '../view.ts';
import { fullDiskIn } from './full-disk.ts';

const panic = 'PANIC:  could not write to file "pg_wal/xlogtemp.290": No space left on device';
const single = buildUnit({ name: 'db', replicas: 1, surge: false, routed: false, zones: ['a'] });

const ended = (lastWords: string): Partial<ReplicaObservation> => ({
  process: { kind: 'exited', code: 1, signal: undefined },
  lastWords,
});

function ends(bench: Bench, of: Partial<ReplicaObservation>): void {
  const { incarnation } = bench.all('StartReplica').at(-1)!;
  bench.see([buildSeen('db', 0, { incarnation, ...of })], 1_000);
}

/** It is seen so, for so many seconds. */
function looks(bench: Bench, of: Partial<ReplicaObservation>, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    const { incarnation } = bench.all('StartReplica').at(-1)!;
    bench.see([buildSeen('db', 0, { incarnation, ...of })], 1_000);
  }
}

/** The newest start fails because there is no room. */
function startFails(bench: Bench): void {
  const { id } = bench.all('StartReplica').at(-1)!;
  const code = 'HALE_PLATFORM_POSTGRES_DISK_FULL';
  const result = { kind: 'failed', code, message: 'the disk is full', hint: 'free some', retriable: true } as const;
  bench.feed({ kind: 'CommandFinished', command: id, result }, 100);
  bench.feed({ kind: 'TimePassed' }, 2_000);
}

describe('a full disk', () => {
  test('is heard in last words, and only there where it is said', () => {
    const cases: readonly (readonly [string | undefined, string | undefined])[] = [
      [undefined, undefined],
      ['', undefined],
      ['ERROR: the disk is slow\nbye', undefined],
      [`LOG:  hello\n  ${panic}\nLOG:  bye`, panic],
      ['Error: ENOSPC: no space left, write', 'Error: ENOSPC: no space left, write'],
      ['XENOSPCX', undefined],
    ];
    for (const [words, line] of cases) assert.equal(fullDiskIn(words), line, words);
    assert.equal(fullDiskIn(`${'x'.repeat(500)} ENOSPC ${panic}`)?.length, 200);
  });

  test('is the cause that the incident names, with the line that says it', () => {
    const bench = createBench([single]);
    bringUp(bench);
    ends(bench, ended(`LOG:  all is well\n${panic}`));
    const [incident] = bench.state.incidents;
    assert.equal(incident?.cause, 'disk');
    assert.equal(incident?.title, 'db/0 exited (code 1): its disk is full');
    assert.ok(incident?.evidence.includes(`words: ${panic}`));
  });

  test('that stops starts explains the crash before it, and asks a person; then it is tried again while another would wait', () => {
    const bench = createBench([single]);
    bringUp(bench);
    ends(bench, ended('nobody knows'));
    assert.equal(bench.state.incidents[0]?.cause, 'crash');
    startFails(bench);
    assert.equal(bench.state.incidents[0]?.cause, 'disk');
    assert.equal(bench.all('PagePerson').length, 1);
    const before = bench.all('StartReplica').length;
    bench.feed({ kind: 'TimePassed' }, limits.fullRetryMinMs - 2_000);
    assert.equal(bench.all('StartReplica').length, before, 'too early');
    bench.feed({ kind: 'TimePassed' }, limits.fullRetryMaxMs - limits.fullRetryMinMs + 2_000);
    assert.equal(bench.all('StartReplica').length, before + 1);
    startFails(bench);
    assert.equal(bench.all('PagePerson').length, 1, 'once');
    bench.feed({ kind: 'TimePassed' }, limits.fullRetryMaxMs);
    assert.equal(bench.all('StartReplica').length, before + 2);
  });

  test('of a database that is alone is seen while it serves: told, a person asked once, nobody ended, over when there is room', () => {
    const bench = createBench([single]);
    bringUp(bench);
    looks(bench, { disk: 'full' }, 2);
    assert.equal(bench.state.incidents.length, 0, 'for a moment only');
    looks(bench, { disk: 'full' }, 40);
    const [incident, ...others] = bench.state.incidents;
    assert.deepEqual([incident?.cause, incident?.outcome, others.length], ['disk', 'open', 0]);
    assert.equal(bench.all('PagePerson').length, 1);
    const { units, replicas } = viewOf(bench.state, { system: 'ward', id: 'x', zones: ['a'] });
    assert.deepEqual(
      units.map(({ state, why }) => [state, why]),
      [['degraded', 'the disk of db/0 is full']],
    );
    assert.equal(replicas[0]?.why, 'ready; its disk is full');
    looks(bench, { disk: undefined }, 2);
    assert.equal(bench.state.incidents[0]?.outcome, 'inconclusive');
    assert.equal(bench.all('StopReplica').length, 0);
    assert.equal(bench.all('StartReplica').length, 1);
  });

  test('under a database that is not ready any more: a new process would find the same disk', () => {
    for (const disk of ['full', undefined] as const) {
      const bench = createBench([single]);
      bringUp(bench);
      looks(bench, { disk, ready: failing }, 60);
      assert.equal(bench.all('StopReplica').length > 0, disk === undefined);
      assert.equal(bench.state.incidents[0]?.cause, disk === 'full' ? 'disk' : 'not-ready');
    }
  });

  test('that ends a database again after a restart holds it, with words, until a slow try finds room', () => {
    const bench = createBench([single]);
    bringUp(bench);
    looks(bench, { disk: 'full' }, 5);
    ends(bench, ended(panic));
    const starts = bench.all('StartReplica').length;
    assert.equal(starts, 2, 'the first restart is tried at once');
    looks(bench, { disk: 'full' }, 2);
    assert.equal(bench.state.incidents[0]?.outcome, 'open', 'serving is not the symptom');
    ends(bench, ended('nothing of use'));
    bench.feed({ kind: 'TimePassed' }, limits.fullRetryMinMs - 2_000);
    assert.equal(bench.all('StartReplica').length, starts, 'held');
    const [unit] = viewOf(bench.state, { system: 'ward', id: 'x', zones: ['a'] }).units;
    assert.deepEqual([unit?.state, unit?.why], ['held', 'db/0 has no room on its disk (last: it exited (code 1))']);
    assert.ok(bench.state.incidents[0]?.rejected.some(({ why }) => why === 'a restart makes no room'));
    bench.feed({ kind: 'TimePassed' }, limits.fullRetryMaxMs - limits.fullRetryMinMs + 2_000);
    assert.equal(bench.all('StartReplica').length, starts + 1);
    looks(bench, { disk: 'free' }, 2);
    assert.deepEqual(
      bench.state.incidents.map(({ cause, outcome }) => [cause, outcome]),
      [['disk', 'healed']],
    );
    assert.equal(bench.state.units[0]?.slots[0]?.held, undefined);
  });
});
