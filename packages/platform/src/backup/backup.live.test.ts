// A database is backed up, burned down, and brought back from the store alone: row for row.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { postgresSupport } from '../postgres/support.ts';
import { createFileStore } from '../store/file-store.ts';
import { openYard } from './backup-rig.ts';
import { takeBackup } from './base-backup.ts';
import { restore } from './restore.ts';
import { openVault } from './vault.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;
const fingerprint = "select count(*)::int as n, md5(string_agg(id::text || text, ',' order by id)) as sum from notes";

test('backed up, burned down, brought back: every row is there', { skip }, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  await yard.query('create table notes (id int primary key, text text)');
  await yard.query('insert into notes select n, repeat(md5(n::text), 20) from generate_series(1, 20000) n');
  const before = (await yard.query(fingerprint)).rows[0];
  const vault = openVault(createFileStore(join(yard.root, 'vault')), { folder: 'test/db', key: Buffer.alloc(32, 7) });
  const { clock, engine } = yard;
  const manifest = await takeBackup({ url: yard.url(), vault, clock });
  assert.ok(
    manifest.files.length > 500 && manifest.bytes > 20e6,
    `${manifest.files.length} files, ${manifest.bytes} bytes`,
  );
  const again = await takeBackup({ url: yard.url(), vault, clock });
  assert.ok(again.newBytes < manifest.newBytes / 4, `${again.newBytes} bytes were new after ${manifest.newBytes}`);

  await yard.kill();
  rmSync(yard.pgdata, { recursive: true });
  const phases = new Set<string>();
  const onProgress = (progress: { phase: string }) => void phases.add(progress.phase);
  const order = { vault, target: { kind: 'latest' } as const, folder: yard.pgdata, engine, clock, onProgress };
  const restored = await restore(order);
  assert.equal(restored.backup, again.id);
  assert.equal(restored.timeline, 2);
  assert.ok(phases.has('fetch'));
  assert.ok(!existsSync(`${yard.pgdata}.restoring`));
  await yard.start();
  assert.deepEqual((await yard.query(fingerprint)).rows[0], before);
  await assert.rejects(restore(order), { code: 'HALE_PLATFORM_BACKUP_NOT_EMPTY' });
  assert.ok(readdirSync(yard.pgdata).includes('PG_VERSION'));
});
