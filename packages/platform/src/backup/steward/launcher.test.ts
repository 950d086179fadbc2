// Keys reach the process by its environment and by nothing else (INV-12): not by its arguments, and not from another file than the one
// that nobody else may read.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { backupUnit, type Incarnation, replicaId } from '@hale/model';
import { buildPostgres, buildSystem } from '@hale/model/testing';
import type { LaunchContext } from '../../process/launcher.ts';
import { backupLauncher } from './launcher.ts';
import { backupStatsFile } from './stats.ts';

function build(t: { after(fn: () => void): void }) {
  const root = mkdtempSync(join(tmpdir(), 'hale-steward-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, '.hale'));
  const backup = { url: 's3://b', keepMs: 1, everyMs: 1, proveMs: 1, pitr: true, synchronous: false };
  const backups = { db: { ...backup, encrypt: { kind: 'secret', name: 'KEY' } } } as const;
  const spec = { ...buildSystem({ root, services: [], resources: [buildPostgres()] }), backups };
  const context: LaunchContext = {
    ...{ spec, root, release: 7, unit: backupUnit, replica: replicaId(backupUnit, 0), ordinal: 0, zone: 'a' },
    ...{ incarnation: 'I1' as Incarnation, port: 1, runtimeDir: join(root, 'run') },
  };
  return { root, context };
}

test('what it is told, and what not', async (t) => {
  const { root, context } = build(t);
  const secrets = join(root, '.hale', 'secrets.env');
  writeFileSync(secrets, 'KEY=key-canary\nAWS_SECRET_ACCESS_KEY=aws-canary\nOTHER=other-canary\n', { mode: 0o600 });
  const { argv, env, listeners, port } = await backupLauncher('/program.ts', {})(context);
  assert.deepEqual(argv.slice(1), ['/program.ts', '--root', root, '--release', '7', '--ordinal', '0']);
  assert.deepEqual(env, { KEY: 'key-canary', AWS_SECRET_ACCESS_KEY: 'aws-canary' });
  assert.deepEqual([listeners, port], [[], undefined]);
  chmodSync(secrets, 0o644);
  await assert.rejects(backupLauncher('/program.ts', {})(context), { code: 'HALE_PLATFORM_SECRETS_OPEN' });
  rmSync(secrets);
  await assert.rejects(backupLauncher('/program.ts', {})(context), {
    code: 'HALE_PLATFORM_SECRET_MISSING',
    message: /backup.encrypt of db/,
  });
});

test('what it says is heard from this life of it only', async (t) => {
  const { context } = build(t);
  const { backups } = await backupLauncher('/program.ts', { KEY: 'k' })(context);
  const file = backupStatsFile(context.runtimeDir, 0);
  assert.equal(backups?.(), undefined);
  mkdirSync(join(context.runtimeDir, 'backup'), { recursive: true });
  writeFileSync(file, JSON.stringify({ v: 1, incarnation: 'I0', databases: ['of an earlier life'] }));
  assert.equal(backups?.(), undefined);
  rmSync(file);
  writeFileSync(file, '{"half');
  assert.equal(backups?.(), undefined);
  rmSync(file);
  writeFileSync(file, JSON.stringify({ v: 1, incarnation: 'I1', databases: [] }));
  assert.deepEqual(backups?.(), []);
});
