// Where a restore may go, and where it is told that it may not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseBackups, parseTarget, targetWords } from './target.ts';

const at = (text: string) => Date.parse(text);
const backups = [
  { id: '20261101T000000Z-aaaa', endedAt: at('2026-11-01T00:05:00Z') },
  { id: '20261102T000000Z-bbbb', endedAt: at('2026-11-02T00:05:00Z') },
];

test('words become targets', () => {
  assert.deepEqual(parseTarget('latest'), { kind: 'latest' });
  assert.deepEqual(parseTarget('20261101T000000Z-aaaa'), { kind: 'backup', id: '20261101T000000Z-aaaa' });
  for (const text of [
    '2026-11-22T04:00:00Z',
    '2026-11-22 05:00:00+01:00',
    '2026-11-22T04:00Z',
    '2026-11-22T04:00:00.000Z',
  ]) {
    assert.deepEqual(parseTarget(text), { kind: 'time', at: at('2026-11-22T04:00:00Z') }, text);
  }
  assert.equal(targetWords({ kind: 'time', at: 0 }), '1970-01-01T00:00:00.000Z');
  for (const text of ['', 'yesterday', '2026-11-22T04:00:00', '2026-13-22T04:00:00Z', '20261101T000000Z', '12']) {
    assert.throws(() => parseTarget(text), { code: 'HALE_PLATFORM_BACKUP_TARGET_WORDS' }, text);
  }
});

test('a restore sets out from the newest backup that ended before its target', () => {
  const rows: readonly [to: string, from: string][] = [
    ['latest', '20261102T000000Z-bbbb'],
    ['2026-11-01T00:05:00Z', '20261101T000000Z-aaaa'],
    ['2026-11-02T00:04:59Z', '20261101T000000Z-aaaa'],
    ['2026-11-02T00:05:00Z', '20261102T000000Z-bbbb'],
    ['2999-01-01T00:00:00Z', '20261102T000000Z-bbbb'],
    ['20261101T000000Z-aaaa', '20261101T000000Z-aaaa'],
  ];
  for (const [to, from] of rows) assert.equal(chooseBackups(backups, parseTarget(to))[0]?.id, from, to);
});

test('what cannot be reached is refused with what can', () => {
  const refused = (to: string, code: string) =>
    assert.throws(() => chooseBackups(backups, parseTarget(to)), { code }, to);
  refused('2026-11-01T00:04:59Z', 'HALE_PLATFORM_BACKUP_TARGET_EARLY');
  refused('20261103T000000Z-cccc', 'HALE_PLATFORM_BACKUP_UNKNOWN');
  assert.throws(() => chooseBackups([], { kind: 'latest' }), { code: 'HALE_PLATFORM_BACKUP_NONE' });
  assert.throws(() => chooseBackups(backups, parseTarget('2026-11-01T00:00:00Z')), /2026-11-01T00:05:00\.000Z/);
});
