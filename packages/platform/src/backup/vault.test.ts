// Whose vault it is, and with which key: told apart before anything is read or written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '@hale/ports/testing';
import { parseManifest } from './manifest.ts';
import { chunkIdOf, chunkKey, claimVault, openVault, putSealed, readCluster, readSealed } from './vault.ts';

const mine = { systemIdentifier: '7', segmentBytes: 16 << 20 };
const key = (byte: number) => ({ key: Buffer.alloc(32, byte) });

test('a vault belongs to the database that began it, and to its key', async () => {
  const store = createMemoryStore();
  await assert.rejects(readCluster(openVault(store)), { code: 'HALE_PLATFORM_BACKUP_NONE' });
  await claimVault(openVault(store, key(1)), mine);
  await claimVault(openVault(store, key(1)), mine);
  assert.equal((await readCluster(openVault(store, key(1)))).systemIdentifier, '7');
  const rows = [
    [claimVault(openVault(store, key(1)), { ...mine, systemIdentifier: '8' }), 'HALE_PLATFORM_BACKUP_FOREIGN'],
    [claimVault(openVault(store, key(2)), mine), 'HALE_PLATFORM_BACKUP_KEY_WRONG'],
    [claimVault(openVault(store), mine), 'HALE_PLATFORM_BACKUP_KEY_MISSING'],
  ] as const;
  for (const [claim, code] of rows) await assert.rejects(claim, { code });
  const plain = createMemoryStore();
  await claimVault(openVault(plain), mine);
  await assert.rejects(readCluster(openVault(plain, key(1))), { code: 'HALE_PLATFORM_BACKUP_KEY_WRONG' });
  plain.objects.set('cluster.json', { body: Buffer.from('{'), storedAt: 0 });
  await assert.rejects(readCluster(openVault(plain)), { code: 'HALE_PLATFORM_BACKUP_DAMAGED' });
});

test('two databases in one store never meet', async () => {
  const store = createMemoryStore();
  const [a, b] = [openVault(store, { folder: 'shop/a' }), openVault(store, { folder: 'shop/b' })];
  await claimVault(a, mine);
  await claimVault(b, { ...mine, systemIdentifier: '8' });
  await putSealed(a, 'x', { content: Buffer.from('of a') });
  assert.equal(await readSealed(b, 'x'), undefined);
  assert.equal((await readSealed(a, 'x'))?.content.toString(), 'of a');
  assert.equal(chunkIdOf(chunkKey('abcd', 3)), 'abcd');
});

test('a packing list is believed only when all of it fits', () => {
  const file = (path: string) => ({ path, size: 2, sha256: '', slices: [[0, 0, 2]] });
  const good = {
    ...{ format: 1, id: '20261101T000000Z-aaaa', label: '', startedAt: 1, endedAt: 2, systemIdentifier: '7' },
    ...{ versionNumber: 180004, timeline: 1, startLsn: '0/1', stopLsn: '0/2', segmentBytes: 1, dataChecksums: true },
    ...{ folders: ['base'], chunks: [{ key: 'chunk/ab/abcd', size: 2, stored: 9 }], bytes: 6, newBytes: 9 },
    files: [file('backup_label'), file('PG_VERSION'), file('global/pg_control')],
  };
  const parse = (value: unknown) => parseManifest(JSON.stringify(value), 'base/x/manifest');
  assert.deepEqual(parse(good), good);
  const bad: readonly [change: object, says: RegExp][] = [
    [{ format: 2 }, /its format is 2/],
    [{ id: '../x' }, /id is wrong/],
    [{ stopLsn: 'here' }, /startLsn is wrong/],
    [{ files: good.files.slice(1) }, /backup_label is missing/],
    [{ files: [...good.files, file('/etc/passwd')] }, /leads elsewhere/],
    [{ files: [...good.files, file('base/../../x')] }, /leads elsewhere/],
    [{ files: [...good.files, { ...file('a'), size: 3 }] }, /are 2 bytes, not 3/],
    [{ files: [...good.files, { ...file('a'), slices: [[1, 0, 2]] }] }, /outside its chunk/],
    [{ files: [...good.files, { ...file('a'), slices: [[0, 1, 2]] }] }, /outside its chunk/],
  ];
  for (const [change, says] of bad) {
    assert.throws(() => parse({ ...good, ...change }), { code: 'HALE_PLATFORM_BACKUP_DAMAGED', message: says });
  }
  for (const text of ['', 'null', '[]', '7']) {
    assert.throws(() => parseManifest(text, 'm'), { code: 'HALE_PLATFORM_BACKUP_DAMAGED' }, text);
  }
});
