// What the healer makes of a full disk: it is named where somebody says so, a person is asked once, and room is looked for again and again.
// No disk is filled here: bench/state does that.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReplicaObservation } from '@hale/model';
import { limits } from '../limits.ts';
import { type Bench, bringUp, buildSeen, buildUnit, createBench } from '../testing.ts';
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
    for (let tries = 0; tries < 3; tries++) startFails(bench);
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
});
