// The way of the command: from what is declared to a database that is back where it runs from. And a restore that broke off in the
// middle goes on without fetching again what is there.
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BackupSpec, SystemSpec } from '@hale/model';
import { postgresSupport } from '../postgres/support.ts';
import { openYard } from './backup-rig.ts';
import { takeBackup } from './base-backup.ts';
import { restoreHome } from './restore-home.ts';
import { openStrongbox } from './strongbox.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

test('declared, backed up, brought back: beside, in place, and after it broke off', { skip }, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  const backup: BackupSpec = {
    ...{ url: 'file:vault', keepMs: 1, everyMs: 1, proveMs: 1, pitr: true, synchronous: false },
    encrypt: { kind: 'secret', name: 'KEY' },
  };
  const system: SystemSpec = { ...yard.spec, backups: { db: backup } };
  const box = await openStrongbox(system, undefined, { KEY: '0f'.repeat(32) });
  await assert.rejects(openStrongbox(system, 'other', {}), { code: 'HALE_PLATFORM_BACKUP_UNDECLARED' });
  await assert.rejects(openStrongbox(yard.spec, undefined, {}), { code: 'HALE_PLATFORM_BACKUP_UNDECLARED' });
  await assert.rejects(openStrongbox(system, 'db', {}), { code: 'HALE_PLATFORM_SECRET_MISSING' });
  await assert.rejects(openStrongbox(system, 'db', { KEY: 'short' }), { code: 'HALE_PLATFORM_BACKUP_KEY_SHAPE' });
  assert.throws(() => box.url(), { code: 'HALE_PLATFORM_BACKUP_SOURCE' });
  await yard.start();
  await yard.query('create table notes as select n from generate_series(1, 500) n');
  const { clock } = yard;
  await takeBackup({ url: box.url(), vault: box.vault, clock });
  const order = { root: yard.root, box, target: { kind: 'latest' }, clock } as const;
  await assert.rejects(restoreHome({ ...order, into: 'replace' }), { code: 'HALE_PLATFORM_BACKUP_RUNNING' });
  await yard.stop();
  await assert.rejects(restoreHome({ ...order, into: 'new' }), { code: 'HALE_PLATFORM_BACKUP_NOT_EMPTY' });

  // It breaks off when half is there: the second try fetches the other half only.
  const folder = join(yard.root, 'beside');
  const stop = new Error('the machine was switched off');
  const breakOff = (progress: { phase: string; bytesDone?: number; bytesTotal?: number }) => {
    if (progress.phase === 'fetch' && (progress.bytesDone ?? 0) > (progress.bytesTotal ?? 0) / 3) throw stop;
  };
  await assert.rejects(restoreHome({ ...order, into: { folder }, onProgress: breakOff }), stop);
  assert.deepEqual(
    readdirSync(yard.root).filter((name) => name.startsWith('beside')),
    ['beside.restoring'],
  );
  const beside = await restoreHome({ ...order, into: { folder } });
  assert.ok(
    beside.bytesFetched < beside.bytes * 0.9,
    `${beside.bytesFetched} of ${beside.bytes} bytes were fetched again`,
  );

  const replaced = await restoreHome({ ...order, into: 'replace' });
  assert.ok(replaced.putAside !== undefined && readdirSync(replaced.putAside).includes('PG_VERSION'));
  // The password file is lost with the machine: a new one is made, and fits.
  rmSync(join(yard.pgdata, '..', 'password'));
  rmSync(yard.pgdata, { recursive: true });
  await restoreHome({ ...order, into: 'new' });
  await yard.start();
  assert.equal((await yard.query('select count(*)::int as n from notes')).rows[0].n, 500);
});
