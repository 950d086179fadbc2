// What a copy holds and what it leaves behind, path by path.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPaged, isSafePath, isSkipped, keepPaths } from './skip.ts';

function check(judge: (path: string) => boolean, yes: readonly string[], no: readonly string[]): void {
  for (const path of yes) assert.equal(judge(path), true, path);
  for (const path of no) assert.equal(judge(path), false, path);
}

test('scraps of the old house stay behind', () => {
  check(
    isSkipped,
    [
      ...['postmaster.pid', 'postmaster.opts', 'standby.signal', 'recovery.signal', 'backup_label', 'tablespace_map'],
      ...['postgresql.auto.conf.tmp', 'hale.copying', 'global/pg_control', 'pg_wal/000000010000000000000001'],
      ...['pg_replslot/a/state', 'pg_stat_tmp/x', 'pg_subtrans/0000', 'base/pgsql_tmp/pgsql_tmp1.0', 'base/pgsql_tmp'],
      ...['base/5/pg_internal.init', 'global/pg_internal.init.123', 'base/5/t3_16384', 'base/5/t3_16384_fsm'],
    ],
    [
      ...['PG_VERSION', 'postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'base/5/16384', 'pg_xact/0000'],
      ...['global/pg_filenode.map', 'pg_wal', 'pg_replslot', 'pg_stat/pgstat.stat', 'base/5/backup_label'],
    ],
  );
});

test('an unlogged table is copied empty: its init fork, of another table everything', () => {
  const unlogged = ['base/5/20', 'base/5/20.1', 'base/5/20_fsm', 'base/5/20_vm', 'base/5/20_vm.1'];
  const kept = ['base/5/20_init', 'base/5/201', 'base/5/2', 'base/6/20', 'base/5/21_fsm', 'global/20'];
  assert.deepEqual(keepPaths([...unlogged, ...kept]), kept);
});

test('only what is written page by page is compared page by page', () => {
  check(
    isPaged,
    ['base/5/16384', 'base/5/16384.12', 'base/5/16384_fsm', 'base/5/16384_vm.1', 'global/1262', 'pg_xact/0000'],
    ['base/5/pg_filenode.map', 'PG_VERSION', 'postgresql.conf', 'base/5/PG_VERSION', 'pg_logical/x', 'base/x/1'],
  );
});

test('a path that leads elsewhere is known', () => {
  check(
    isSafePath,
    ['base/5/16384', 'a..b', '..a/b...', '.hidden', 'a b'],
    ['', '/etc/passwd', '..', '../x', 'a/../../x', 'a//b', './a', 'a/.', 'a\0b', 'a\\..\\b', 'a/'],
  );
});
