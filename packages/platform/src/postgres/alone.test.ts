// From many to one: only who has everything may be the one.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { standAlone } from './alone.ts';

const root = mkdtempSync(join(tmpdir(), 'hale-alone-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

function home(terms: readonly number[], isStandby = false): string {
  const folder = join(root, String(count++));
  mkdirSync(join(folder, 'pgdata'), { recursive: true });
  writeFileSync(
    join(folder, 'pgdata', 'postgresql.auto.conf'),
    `synchronous_standby_names = 'ANY 1 ("db_1_t2")'\nwork_mem = '8MB'\n`,
  );
  if (isStandby) writeFileSync(join(folder, 'pgdata', 'standby.signal'), '');
  for (const [ordinal, term] of terms.entries())
    writeFileSync(join(folder, `node-${ordinal}.json`), JSON.stringify({ term, fenced: term }));
  return folder;
}
const self = { kind: 'self' } as const;
const settings = (folder: string) => readFileSync(join(folder, 'pgdata', 'postgresql.auto.conf'), 'utf8');

test('the primary stands alone: it waits for nobody any more, and has no badge', async () => {
  const folder = home([2, 2, 2]);
  await standAlone(folder, 'db', self);
  assert.equal(settings(folder), `work_mem = '8MB'\n`);
  assert.ok(!existsSync(join(folder, 'node-0.json')) && !existsSync(join(folder, 'node-2.json')));
});

test('a standby, or one of an older term, is refused and left as it is', async () => {
  for (const folder of [home([2, 2], true), home([1, 2])]) {
    await assert.rejects(standAlone(folder, 'db', self), { code: 'HALE_PLATFORM_POSTGRES_NOT_PRIMARY' });
    assert.match(settings(folder), /ANY 1/);
    assert.ok(existsSync(join(folder, 'node-0.json')));
  }
});

test('a database that never was a cluster is not touched', async () => {
  const folder = home([]);
  await standAlone(folder, 'db', self);
  assert.match(settings(folder), /ANY 1/);
});
