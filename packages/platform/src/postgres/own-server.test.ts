// Which folders are a PostgreSQL that Hale runs, and whose data a server may be started on. The servers here are shell scripts that
// only know their version; real ones are in own-server.live.test.ts.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertServerFits, ownBinaries, versionIn } from './own-server.ts';

interface Room {
  after(fn: () => void): void;
}

function buildFolder(t: Room): string {
  const folder = mkdtempSync(join(tmpdir(), 'hale-server-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function buildServer(t: Room, script: string): string {
  const bin = buildFolder(t);
  for (const name of ['initdb', 'postgres']) writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return bin;
}

const says = (version: string) => `echo 'postgres (PostgreSQL) ${version} (Debian ${version}-1)'`;

test('the version is that of the server, whoever packed it', () => {
  assert.equal(versionIn('postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n'), '15.18');
  assert.equal(versionIn('postgres (PostgreSQL) 18beta1\n'), '18beta1');
  assert.equal(versionIn('psql (PostgreSQL) 15.18\n'), undefined);
});

test('15 to 18 are run; anything else is refused with its reason', async (t) => {
  for (const version of ['15.0', '16.9', '17.1', '18.4', '18beta1']) {
    const bin = buildServer(t, says(version));
    const found = await ownBinaries(bin);
    assert.deepEqual([found.version, found.postgres], [version, join(bin, 'postgres')]);
  }
  const refuse = async (bin: string, message: RegExp) =>
    assert.rejects(ownBinaries(bin), { code: 'HALE_PLATFORM_POSTGRES_BIN', message });
  await refuse(buildServer(t, says('14.12')), /holds PostgreSQL 14\.12, and Hale runs 15 to 18/);
  await refuse(buildServer(t, says('19.0')), /holds PostgreSQL 19\.0/);
  await refuse(buildServer(t, 'echo hello'), /is not PostgreSQL/);
  await refuse(buildServer(t, 'echo no libpq.so >&2; exit 127'), /does not run here: no libpq\.so/);
  await refuse('/nowhere/bin', /\/nowhere\/bin\/initdb is missing/);
  const clients = buildServer(t, says('15.1'));
  rmSync(join(clients, 'initdb'));
  await refuse(clients, /initdb is missing/);
  const above = buildFolder(t);
  mkdirSync(join(above, 'bin'));
  writeFileSync(join(above, 'bin', 'postgres'), '', { mode: 0o755 });
  await refuse(above, /did you mean .*\/bin\?/);
});

test('data of another major version is refused, of whichever node it is', async (t) => {
  const bin = buildServer(t, says('16.2'));
  const fits = (root: string) =>
    assertServerFits(root, { kind: 'postgres', name: 'db', database: 'app', port: undefined, bin });
  const root = buildFolder(t);
  await fits(root);
  const make = (folder: string, version: string) => {
    const pgdata = join(root, '.hale/data/db', folder);
    mkdirSync(pgdata, { recursive: true });
    writeFileSync(join(pgdata, 'PG_VERSION'), `${version}\n`);
  };
  make('pgdata', '16');
  make('pgdata.before-123', '15');
  await fits(root);
  make('pgdata-2', '18');
  await assert.rejects(fits(root), {
    code: 'HALE_PLATFORM_POSTGRES_VERSION',
    message: /pgdata-2 was made by PostgreSQL 18, and PostgreSQL 16 would run on it/,
  });
});
