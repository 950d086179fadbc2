// What a node remembers across its lives: written whole, never guessed, and stronger than an order of a past term.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertTerm, readBadge, startingTerm, writeBadge } from './badge.ts';

const folder = mkdtempSync(join(tmpdir(), 'hale-badge-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'node-1.json');

test('no badge is the beginning; a written one is read back, and is for its owner only', async () => {
  assert.deepEqual(readBadge(file), { term: 0, fenced: 0 });
  await writeBadge(file, { term: 3, fenced: 4 });
  assert.deepEqual(readBadge(file), { term: 3, fenced: 4 });
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a damaged badge is said, not guessed', () => {
  for (const text of ['{', '{}', '{"term":"3","fenced":1}', 'null']) {
    writeFileSync(file, text);
    assert.throws(() => readBadge(file), { code: 'HALE_PLATFORM_POSTGRES_BADGE' });
  }
});

test('an order of a past term is refused, by what was lived or promised', () => {
  for (const badge of [
    { term: 5, fenced: 2 },
    { term: 2, fenced: 5 },
  ]) {
    assert.throws(() => assertTerm(badge, 4, 'db/1'), { code: 'HALE_PLATFORM_POSTGRES_TERM' });
    assertTerm(badge, 5, 'db/1');
    assertTerm(badge, 6, 'db/1');
  }
});

test('what a backup was put into begins in a term of its own, as a primary only, until that term is known', async () => {
  await writeBadge(file, { term: 8, fenced: 8, restored: true });
  const badge = readBadge(file);
  assert.equal(badge.restored, true);
  assert.equal(startingTerm(badge, { term: 7, asPrimary: true }), 8);
  assert.equal(startingTerm(badge, { term: 9, asPrimary: true }), 9);
  assert.equal(startingTerm(badge, { term: 7, asPrimary: false }), 7);
  assert.equal(startingTerm({ term: 8, fenced: 8 }, { term: 7, asPrimary: true }), 7);
});
