// Backups that are late, bad or behind: an incident each with evidence and a hint, a person is called once, nothing is touched, and it is
// closed by its symptom only, as the store says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackupObservation, UnitSpec } from '@hale/model';
import { findBackupTroubles } from './detectors/backups.ts';
import { limits } from './limits.ts';
import { restoreState } from './state.ts';
import { bringUp, buildUnit, createBench } from './testing.ts';
import { viewOf } from './view.ts';

const identity = { system: 'ward', id: 'w', zones: ['a'] };
const hour = 3_600_000;
const start = 1_700_000_000_000;

function buildBackups(of: Partial<BackupObservation> = {}): BackupObservation {
  return {
    ...{ database: 'db', everyMs: hour, proveMs: 10 * hour, since: start, known: true },
    lastBackup: { id: 'b1', at: start },
    lastProof: { backup: 'b1', at: start, ok: true, problem: '', rtoMs: 900 },
    log: { completeUntil: start, behindSince: undefined, spoolBytes: 0, trouble: '' },
    ...{ doing: undefined, lastError: '' },
    ...of,
  };
}

function check(seen: Partial<BackupObservation>, afterMs: number, causes: readonly string[]) {
  const found = findBackupTroubles(buildBackups(seen), start + afterMs);
  assert.deepEqual(
    found.map(({ cause }) => cause),
    causes,
    JSON.stringify([seen, afterMs]),
  );
  for (const { evidence, hint } of found) {
    assert.ok(evidence.length >= 2, 'at least two pieces of evidence');
    assert.notEqual(hint, '');
  }
}

test('what is late, bad or behind, and what is not yet', () => {
  check({}, 2 * hour, []);
  check({}, 2 * hour + 1, ['backup-overdue']);
  check({ lastBackup: undefined, lastProof: undefined }, hour, []);
  check({ lastBackup: undefined, lastProof: undefined, lastError: 'store: down' }, 3 * hour, ['backup-overdue']);
  check({ lastBackup: { id: 'b2', at: start + 19 * hour } }, 20 * hour, []);
  check({ lastBackup: { id: 'b2', at: start + 20 * hour } }, 20 * hour + 1, ['proof-overdue']);
  check({ lastBackup: { id: 'b2', at: start + 20 * hour }, lastProof: undefined }, 21 * hour, ['proof-overdue']);
  const bad = { backup: 'b1', at: start, ok: false, problem: 'a chunk is missing', rtoMs: 0 };
  check({ lastProof: bad }, 0, ['proof-failed']);
  check({ lastProof: bad }, 3 * hour, ['backup-overdue', 'proof-failed']);
  const log = { completeUntil: start, behindSince: start, spoolBytes: 7, trouble: 'the store is down' };
  check({ log }, limits.logBehindMs, []);
  check({ log }, limits.logBehindMs + 1, ['log-behind']);
  check({ log: undefined }, hour, []);
});

const steward: UnitSpec = buildUnit({ name: 'backup', role: 'backup', replicas: 1, routed: false, zones: ['a'] });

function ward() {
  const bench = createBench([steward]);
  bringUp(bench);
  const say = (backups: readonly BackupObservation[] | undefined, afterMs = 0) => {
    const seen = bench.state.units[0]?.slots[0]?.lives[0]?.seen;
    assert.ok(seen);
    return bench.see([{ ...seen, backups } as typeof seen], afterMs);
  };
  return { bench, say, view: () => viewOf(bench.state, identity) };
}

test('told once to a person, with evidence; seen in the state; closed when the store has a new one; nobody is touched', () => {
  const { bench, say, view } = ward();
  const before = bench.commands.length;
  say([buildBackups({ lastError: 'backup: the store does not work' })]);
  assert.deepEqual([view().state, view().incidents.length, view().backups?.[0]?.database], ['healthy', 0, 'db']);
  bench.feed({ kind: 'TimePassed' }, 3 * hour);
  bench.feed({ kind: 'TimePassed' }, hour);
  const [incident] = view().incidents;
  assert.deepEqual([incident?.cause, incident?.title], ['backup-overdue', 'the backup of db is overdue']);
  assert.match(incident?.evidence.join('; ') ?? '', /b1, is 3h.*the store does not work/);
  assert.deepEqual([view().state, view().units[0]?.state], ['degraded', 'degraded']);
  assert.match(view().units[0]?.why ?? '', /overdue/);
  const [page, ...others] = bench.all('PagePerson');
  assert.deepEqual(others, []);
  assert.match(page?.detail ?? '', /hale backup now --db db/);
  const acted = bench.commands.slice(before).filter(({ kind }) => !['Tell', 'WakeUp', 'PagePerson'].includes(kind));
  assert.deepEqual(acted, []);
  say([buildBackups({ lastBackup: { id: 'b2', at: start + bench.mono } })]);
  assert.deepEqual([view().state, view().incidents[0]?.outcome], ['healthy', 'healed']);
});

test('evidence follows what is said, not the clock', () => {
  const { bench, say, view } = ward();
  say([buildBackups()]);
  bench.feed({ kind: 'TimePassed' }, 3 * hour);
  const first = view().incidents[0]?.evidence;
  bench.feed({ kind: 'TimePassed' }, hour);
  assert.deepEqual(view().incidents[0]?.evidence, first);
  say([buildBackups({ lastError: 'backup: no space' })]);
  assert.match(view().incidents[0]?.evidence.join('; ') ?? '', /no space/);
});

test('silence closes nothing, nor one that has not looked yet; a database that is no longer backed up does', () => {
  const { bench, say, view } = ward();
  say([buildBackups()]);
  bench.feed({ kind: 'TimePassed' }, 3 * hour);
  say(undefined);
  assert.equal(view().incidents[0]?.outcome, 'open');
  say([buildBackups({ known: false, since: start + bench.mono, lastBackup: undefined, lastProof: undefined })]);
  assert.equal(view().incidents[0]?.outcome, 'open');
  say([buildBackups({ since: start + bench.mono, lastBackup: undefined, lastProof: undefined })]);
  assert.equal(view().incidents[0]?.outcome, 'open', 'an empty store is no new backup');
  const restored = restoreState(JSON.stringify(bench.state));
  assert.ok(restored);
  bench.state = restored;
  say([buildBackups({ database: 'other', lastBackup: { id: 'o1', at: start + bench.mono } })]);
  assert.deepEqual(
    view().incidents.map(({ outcome }) => outcome),
    ['inconclusive'],
  );
});

test('a unit that goes takes its incidents along', () => {
  const { bench, say, view } = ward();
  say([buildBackups()]);
  bench.feed({ kind: 'TimePassed' }, 3 * hour);
  bench.feed({ kind: 'SystemDeclared', release: 2, units: [] });
  const seen = bench.state.units[0]?.slots[0]?.lives[0]?.seen;
  assert.ok(seen);
  bench.see([{ ...seen, process: { kind: 'exited', code: 0, signal: undefined } } as typeof seen], 100);
  bench.feed({ kind: 'TimePassed' }, 1_000);
  assert.equal(bench.state.units.length, 0);
  assert.equal(view().incidents[0]?.outcome, 'inconclusive');
});
