// Moving in: every folder and badge of the old house is put aside together, nothing is deleted, and the new badge is of a term that
// nobody has lived in.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBadge } from '../postgres/badge.ts';
import { chooseSeat, moveIn } from './cluster-home.ts';

function house(badges: Readonly<Record<string, string>>): string {
  const home = mkdtempSync(join(tmpdir(), 'hale-home-'));
  for (const [name, text] of Object.entries(badges)) writeFileSync(join(home, name), text);
  return home;
}

test('the term is later than any badge and than the journal, and the seat is the primary of the journal', () => {
  const rows = [
    { badges: {}, memory: undefined, ordinal: 0, term: 2 },
    { badges: { 'node-0.json': '{"term":3,"fenced":5}' }, memory: undefined, ordinal: 0, term: 6 },
    { badges: { 'node-1.json': '{"term":3,"fenced":3}' }, memory: { term: 9, ordinal: 2 }, ordinal: 2, term: 10 },
  ] as const;
  for (const { badges, memory, ordinal, term } of rows) {
    const home = house(badges);
    const seat = chooseSeat(home, true, memory);
    assert.deepEqual([seat.place.ordinal, seat.term], [ordinal, term]);
    rmSync(home, { recursive: true });
  }
  const home = house({ 'node-1.json': 'scratched' });
  assert.throws(() => chooseSeat(home, true, undefined), { code: 'HALE_PLATFORM_POSTGRES_BADGE' });
  assert.equal(chooseSeat(home, false, undefined).term, 0, 'one node alone has no term');
  rmSync(home, { recursive: true });
});

test('everything old is put aside together', async () => {
  const home = house({ 'node-0.json': '{"term":3,"fenced":3}', 'node-2.json': '{"term":3,"fenced":3}', password: 'x' });
  for (const name of ['pgdata', 'pgdata-2', 'pgdata-2.restored', 'pgdata-1.before-1']) mkdirSync(join(home, name));
  writeFileSync(join(home, 'pgdata-2.restored', 'PG_VERSION'), '18');
  const seat = chooseSeat(home, true, { term: 3, ordinal: 2 });
  const aside = await moveIn(home, { ...seat, suffix: 'before-2', folder: join(home, 'pgdata-2.restored') });
  assert.deepEqual(readdirSync(home).sort(), [
    'node-0.json.before-2',
    'node-2.json',
    'node-2.json.before-2',
    'password',
    'pgdata-1.before-1',
    'pgdata-2',
    'pgdata-2.before-2',
    'pgdata.before-2',
  ]);
  assert.deepEqual(readdirSync(join(home, 'pgdata-2')), ['PG_VERSION']);
  assert.deepEqual(readBadge(join(home, 'node-2.json')), { term: 4, fenced: 4, restored: true });
  assert.equal(aside.get(join(home, 'pgdata-2')), join(home, 'pgdata-2.before-2'));
  rmSync(home, { recursive: true });
});
