// The workbench and the sign on its door, in temporary folders without any server: what is cleared away, which links are not
// followed, and whose folders are refused.
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readLabel } from './copy.ts';
import { clearAway, makeFolders, writeDurably } from './local.ts';
import { beginCopy, endCopy, isHalfCopied } from './target.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'hale-copy-unit-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('what the source has not goes; nothing outside is touched through a link', async (t) => {
  const outside = folder(t);
  writeFileSync(join(outside, 'precious'), 'x');
  const wal = folder(t);
  writeFileSync(join(wal, '000000010000000000000001'), 'x');
  const pgdata = folder(t);
  mkdirSync(join(pgdata, 'base/5'), { recursive: true });
  mkdirSync(join(pgdata, 'base/9'));
  for (const path of ['hale.copying', 'PG_VERSION', 'postmaster.pid', 'base/5/1', 'base/5/2', 'base/9/1']) {
    writeFileSync(join(pgdata, path), path);
  }
  symlinkSync(outside, join(pgdata, 'global'));
  symlinkSync(join(outside, 'precious'), join(pgdata, 'base/5/3'));
  symlinkSync(wal, join(pgdata, 'pg_wal'));
  mkdirSync(join(pgdata, 'base/5/4'));

  const folders = ['base', 'base/5', 'global', 'pg_wal'];
  const files = new Set(['PG_VERSION', 'base/5/1', 'base/5/3', 'base/5/4', 'global/precious']);
  const bench = { pgdata, owner: undefined };
  await clearAway(bench, { files, folders: new Set(folders) });
  await makeFolders(bench, folders);
  assert.deepEqual(readdirSync(pgdata).sort(), ['PG_VERSION', 'base', 'global', 'hale.copying', 'pg_wal']);
  assert.deepEqual(readdirSync(join(pgdata, 'base')), ['5']);
  assert.deepEqual(readdirSync(join(pgdata, 'base/5')), ['1']);
  assert.ok(lstatSync(join(pgdata, 'global')).isDirectory());
  assert.equal(readFileSync(join(outside, 'precious'), 'utf8'), 'x');
  assert.ok(lstatSync(join(pgdata, 'pg_wal')).isSymbolicLink());
  assert.deepEqual(readdirSync(wal).sort(), ['archive_status', 'summaries']);
  assert.equal(statSync(join(pgdata, 'base')).mode & 0o777, 0o700);
  symlinkSync(join(outside, 'precious'), join(pgdata, 'base/5/7'));
  await assert.rejects(writeDurably(bench, 'base/5/7', 'y'), { code: 'ELOOP' });
});

test('a folder is marked before the first change, and whole when the mark is gone', async (t) => {
  const pgdata = join(folder(t), 'not', 'yet');
  const bench = { pgdata, owner: undefined };
  await beginCopy(bench, '7');
  assert.equal(await isHalfCopied(pgdata), true);
  await beginCopy(bench, '7');
  mkdirSync(join(pgdata, 'global'));
  await assert.rejects(beginCopy(bench, '8'), /system identifier is 7, the source's 8/);
  await endCopy(bench, 'label', Buffer.from('control'));
  assert.equal(await isHalfCopied(pgdata), false);
  assert.equal(readFileSync(join(pgdata, 'backup_label'), 'utf8'), 'label');
  // The control file says nothing readable: nobody knows whose it is.
  await assert.rejects(beginCopy(bench, '7'), { code: 'HALE_PLATFORM_POSTGRES_COPY_FOREIGN' });
  assert.ok(existsSync(join(pgdata, 'backup_label')));
});

test('a folder of something else is refused, a mark that was torn is not', async (t) => {
  const pgdata = folder(t);
  const bench = { pgdata, owner: undefined };
  writeFileSync(join(pgdata, 'hale.copying'), '');
  await beginCopy(bench, '7');
  rmSync(join(pgdata, 'hale.copying'));
  writeFileSync(join(pgdata, 'letters.txt'), 'mine');
  await assert.rejects(beginCopy(bench, '7'), { code: 'HALE_PLATFORM_POSTGRES_COPY_FOREIGN' });
  assert.deepEqual(readdirSync(pgdata), ['letters.txt']);
});

test('a label is read', () => {
  const label =
    'START WAL LOCATION: 0/2000028 (file 000000030000000000000002)\nCHECKPOINT LOCATION: 0/2000080\nSTART TIMELINE: 3\n';
  assert.deepEqual(readLabel(label), { timeline: 3, walSegment: '000000030000000000000002' });
  assert.throws(() => readLabel('hello'), { code: 'HALE_PLATFORM_POSTGRES_COPY_SOURCE' });
});
