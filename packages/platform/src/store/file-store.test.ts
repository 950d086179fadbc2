// The folder keeps the contract of every store.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { getWhole } from '@hale/ports';
import { storeContract } from '@hale/ports/testing';
import { createFileStore } from './file-store.ts';

storeContract('file', {
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'hale-store-'));
    return { store: createFileStore(join(folder, 'vault')), dispose: () => rmSync(folder, { recursive: true }) };
  },
});

test('a folder that cannot be made is said, and nothing half-written is left or listed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(createFileStore(join(folder, 'file')).putIfAbsent('a', new Uint8Array(1)), {
    code: 'HALE_PLATFORM_STORE_DOWN',
  });
  const store = createFileStore(join(folder, 'vault'));
  await store.putIfAbsent('a', new Uint8Array(1));
  assert.deepEqual(readdirSync(join(folder, 'vault', '.drafts')), []);
});

test('what is taken away between being found and being read is read all the same', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const store = createFileStore(folder);
  await store.putIfAbsent('wal/piece', Buffer.from('log'));
  const hasty = { ...store, get: (key: string) => store.get(key).finally(() => store.delete(key)) };
  assert.equal(Buffer.from((await getWhole(hasty, 'wal/piece')) ?? []).toString(), 'log');
  assert.equal(await store.get('wal/piece'), undefined);
});

test('what one who was killed left half-written goes after an hour; what somebody writes just now stays', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const drafts = join(folder, '.drafts');
  mkdirSync(drafts);
  for (const name of ['left', 'fresh']) writeFileSync(join(drafts, name), 'half');
  const before = Date.now() / 1000 - 3_700;
  utimesSync(join(drafts, 'left'), before, before);
  await createFileStore(folder).putIfAbsent('a', new Uint8Array(1));
  assert.deepEqual(readdirSync(drafts), ['fresh']);
});
