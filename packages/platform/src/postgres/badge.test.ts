// What a node remembers across its lives: written whole, never guessed, and stronger than an order of a past term.
import assert from 'node:assert/strict';
import { linkSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

test('two files take turns: no badge but the first ones needs room, and none is written into the one that counts', async () => {
  const own = join(folder, 'node-2.json');
  const inodes: number[] = [];
  for (let term = 1; term <= 6; term++) {
    await writeBadge(own, { term, fenced: term });
    assert.deepEqual(readBadge(own), { term, fenced: term });
    const { ino, size } = statSync(own);
    assert.equal(size, 512);
    assert.notEqual(ino, inodes.at(-1));
    inodes.push(ino);
  }
  assert.equal(new Set(inodes).size, 2);
});

test('wherever a crash left the two, the next badge is whole', async () => {
  const own = join(folder, 'node-3.json');
  const leftovers: readonly (() => void)[] = [
    () => writeFileSync(`${own}.new`, 'half of a ba'),
    () => linkSync(own, `${own}.last`),
    () => renameSync(`${own}.new`, `${own}.last`),
    () => rmSync(`${own}.new`),
  ];
  for (const [at, leave] of leftovers.entries()) {
    await writeBadge(own, { term: 100, fenced: 100 });
    await writeBadge(own, { term: at, fenced: 1 });
    leave();
    assert.deepEqual(readBadge(own), { term: at, fenced: 1 });
    await writeBadge(own, { term: at, fenced: 2 });
    assert.deepEqual(readBadge(own), { term: at, fenced: 2 });
    await writeBadge(own, { term: at, fenced: 3 });
    assert.deepEqual(readBadge(own), { term: at, fenced: 3 });
    assert.notEqual(statSync(own).ino, statSync(`${own}.new`).ino);
  }
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
