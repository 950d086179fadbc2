// The letter box: what was put in is there after a restart, whole segments have their name, and nobody else's log gets in.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMemoryStore } from '@hale/ports/testing';
import { drainSpool } from './drain.ts';
import { openSpool } from './spool.ts';
import { openVault, readSealed } from './vault.ts';

const owner = { systemIdentifier: '7', segmentBytes: 1 << 20 };

test('bytes lie where they belong, over segments and restarts; then they go to the store, once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-spool-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const first = openSpool(folder, owner);
  assert.equal(first.newest(), undefined);
  first.write(1, 1n << 20n, Buffer.alloc(1_000_000, 1));
  first.write(1, (1n << 20n) + 1_000_000n, Buffer.alloc(100_000, 2));
  first.flush();
  first.close();
  const spool = openSpool(folder, owner);
  assert.deepEqual(spool.newest(), { timeline: 1, at: (1n << 20n) + 1_100_000n });
  assert.deepEqual(readdirSync(folder).sort(), [
    '000000010000000000000001',
    '000000010000000000000002.partial',
    'spool.json',
  ]);
  assert.equal(spool.bytes(), 1_100_000);
  assert.throws(() => spool.write(1, (1n << 20n) + 1_200_000n, Buffer.alloc(1)), TypeError, 'a gap is no log');
  // Received twice after a broken line: it lies in the same place.
  spool.write(1, (1n << 20n) + 1_090_000n, Buffer.alloc(10_001, 2));
  assert.equal(spool.bytes(), 1_100_001);
  spool.close();
  assert.throws(() => openSpool(folder, { ...owner, systemIdentifier: '8' }), { code: 'HALE_PLATFORM_BACKUP_SPOOL' });

  const store = createMemoryStore();
  const vault = openVault(store);
  assert.equal(await drainSpool(vault, folder), 1_100_001);
  assert.equal(await drainSpool(vault, folder), 51_425, 'what is not whole stays until it is');
  const whole = await readSealed(vault, 'wal/00000001/000000010000000000000001');
  assert.equal(whole?.content.length, 1 << 20);
  const pieces = [...store.objects.keys()].filter((key) => key.includes('00000002.'));
  assert.equal(pieces.length, 1, 'the second time there was nothing to send');
  assert.equal(await drainSpool(vault, join(folder, 'none')), 0);
});
