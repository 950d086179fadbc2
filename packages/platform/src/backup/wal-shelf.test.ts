// A segment that another one puts at the same moment: whoever is told that it is there believes it only when it can be read, because he
// throws his own away. One that lies there damaged has a second copy beside it, which is read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectStore } from '@hale/ports';
import { createMemoryStore } from '@hale/ports/testing';
import { openVault, readSealed } from './vault.ts';
import { planWal } from './wal-plan.ts';
import { readSegment } from './wal-read.ts';
import { listWal, putSegment, segmentKey } from './wal-shelf.ts';

const segmentBytes = 65_536;
const segment = { timeline: 1, number: 3n };
const key = segmentKey(segment, segmentBytes);

function logOf(): Buffer {
  const content = Buffer.alloc(segmentBytes);
  for (let page = 0; page < 8; page++) {
    content.writeUInt16LE(0xd118, page * 8192);
    content.writeUInt32LE(1, page * 8192 + 4);
    content.writeBigUInt64LE(3n * 65_536n + BigInt(page * 8192), page * 8192 + 8);
  }
  content.writeBigUInt64LE(7n, 24);
  content.writeUInt32LE(segmentBytes, 32);
  return content;
}
const letter = { segment, segmentBytes, content: logOf(), stamp: 5 };

/** Says `times` times that somebody else has put it, who was killed over it. */
function contested(times: number) {
  const store = createMemoryStore();
  let left = times;
  const putIfAbsent: ObjectStore['putIfAbsent'] = async (name, body) =>
    left-- > 0 ? 'there' : store.putIfAbsent(name, body);
  return { store, vault: openVault({ ...store, putIfAbsent }) };
}

test('said to be there and not to be found: it is put again, or said to have failed', async () => {
  const once = contested(1);
  await putSegment(once.vault, letter);
  assert.ok(once.store.objects.has(key));
  const always = contested(Number.POSITIVE_INFINITY);
  await assert.rejects(putSegment(always.vault, letter), { code: 'HALE_PLATFORM_BACKUP_BUSY', retriable: true });
});

test('a whole segment that lies there damaged: the copy beside it is read', async () => {
  const store = createMemoryStore();
  const vault = openVault(store);
  const cluster = { format: 1, systemIdentifier: '7', segmentBytes, keyCheck: '' } as const;
  await putSegment(vault, letter);
  const there = store.objects.get(key);
  store.objects.set(key, { storedAt: 0, body: (there?.body ?? new Uint8Array()).slice(0, -3) });
  const read = async () => {
    const way = [{ timeline: 1, from: 3n * 65_536n, until: undefined }];
    const [planned] = planWal(await listWal(vault, segmentBytes), way, segmentBytes).segments;
    assert.ok(planned);
    return readSegment(vault, planned, cluster);
  };
  await assert.rejects(read(), { code: 'HALE_PLATFORM_BACKUP_DAMAGED' });
  await putSegment(vault, letter);
  assert.equal((await readSealed(vault, key).catch(() => undefined))?.stamp, undefined, 'nothing is written over');
  assert.deepEqual(await read(), letter.content);
});
