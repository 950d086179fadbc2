// The letter box: what was put in is there after a restart, what lies on the disk stays within its bound, nobody else's log gets in, and
// what the release before reels left is not lost.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createMemoryStore } from '@hale/ports/testing';
import { drainSpool } from './drain.ts';
import { openSpool, type Spool } from './spool.ts';
import { openVault, readSealed } from './vault.ts';

const owner = { systemIdentifier: '7', segmentBytes: 1 << 20 };
const mega = 1n << 20n;

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hale-spool-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const onDisk = (folder: string) =>
  readdirSync(folder).reduce((sum, name) => sum + (name === 'spool.json' ? 0 : statSync(join(folder, name)).size), 0);

/** Flushes each piece, until no more fits or `pieces` were taken; gives where the log ends. */
function pour(spool: Spool, from: bigint, { pieces, bytes }: { pieces: number; bytes: number }): bigint {
  let at = from;
  for (let i = 0; i < pieces && spool.fits(bytes); i++) {
    spool.write(1, at, Buffer.alloc(bytes, i));
    spool.flush();
    at += BigInt(bytes);
  }
  return at;
}

test('bytes lie where they belong, over segments and restarts; then they go to the store, once', async (t) => {
  const folder = folderFor(t);
  const first = openSpool(folder, owner);
  assert.equal(first.newest(), undefined);
  first.write(1, mega, Buffer.alloc(1_000_000, 1));
  first.write(1, mega + 1_000_000n, Buffer.alloc(100_000, 2));
  first.flush();
  first.close();
  const spool = openSpool(folder, owner);
  assert.deepEqual(spool.newest(), { timeline: 1, at: mega + 1_100_000n });
  assert.deepEqual(readdirSync(folder).sort(), [
    '000000010000000000000001.reel',
    '000000010000000000000002.reel',
    'spool.json',
  ]);
  assert.equal(spool.bytes(), 1_100_000);
  assert.throws(() => spool.write(1, mega + 1_200_000n, Buffer.alloc(1)), TypeError, 'a gap is no log');
  // Received twice after a broken line: it lies in the same place.
  spool.write(1, mega + 1_090_000n, Buffer.alloc(10_001, 2));
  assert.equal(spool.bytes(), 1_100_000, 'what is not flushed does not count');
  spool.flush();
  assert.equal(spool.bytes(), 1_100_001);
  // What is whole is not begun anew.
  spool.write(1, mega, Buffer.alloc(500_000, 9));
  spool.close();
  assert.throws(() => openSpool(folder, { ...owner, systemIdentifier: '8' }), { code: 'HALE_PLATFORM_BACKUP_SPOOL' });

  const store = createMemoryStore();
  const vault = openVault(store);
  assert.equal(await drainSpool(vault, folder), 1_100_001);
  assert.equal(await drainSpool(vault, folder), 51_425, 'what is not whole stays until it is');
  const whole = await readSealed(vault, 'wal/00000001/000000010000000000000001');
  assert.deepEqual(
    whole && Buffer.from(whole.content),
    Buffer.concat([Buffer.alloc(1_000_000, 1), Buffer.alloc(48_576, 2)]),
  );
  const pieces = [...store.objects.keys()].filter((key) => key.includes('00000002.'));
  assert.equal(pieces.length, 1, 'the second time there was nothing to send');
  assert.equal(await drainSpool(vault, join(folder, 'none')), 0);
});

test('a file is made in advance, used, left by the store and used again; killed in between, nothing is in it', async (t) => {
  const folder = folderFor(t);
  const first = openSpool(folder, owner);
  await first.prepare();
  const { size } = statSync(join(folder, 'spare'));
  assert.ok(size > owner.segmentBytes);
  // Killed when the segment was begun and nothing of it was flushed yet.
  first.write(1, 5n * mega, Buffer.alloc(1_000, 1));
  assert.deepEqual(readdirSync(folder).sort(), ['000000010000000000000005.reel', 'spool.json']);
  const second = openSpool(folder, owner);
  assert.equal(second.newest(), undefined);
  assert.deepEqual(readdirSync(folder).sort(), ['spare', 'spool.json']);
  pour(second, 5n * mega, { pieces: 11, bytes: 100_000 });
  const [whole] = second.segments();
  assert.ok(whole?.whole);
  second.forget(whole);
  assert.equal(statSync(join(folder, 'spare')).size, size, 'it did not grow');
  second.write(1, 6n * mega + 51_424n, Buffer.alloc(997_152, 3));
  second.flush();
  // Begun in the file that is full of the segment before, and killed.
  second.write(1, 7n * mega, Buffer.alloc(10, 4));
  const third = openSpool(folder, owner);
  assert.deepEqual(third.newest(), { timeline: 1, at: 7n * mega });
  third.write(1, 7n * mega, Buffer.alloc(10, 4));
  third.flush();
  const fourth = openSpool(folder, owner);
  assert.deepEqual(fourth.newest(), { timeline: 1, at: 7n * mega + 10n });
  for (const spool of [second, third, fourth]) spool.close();
});

test('a file that cannot be made in advance does not stop the log in hand', async (t) => {
  const folder = folderFor(t);
  const spool = openSpool(folder, owner);
  mkdirSync(join(folder, 'spare.new'));
  await spool.prepare();
  assert.equal(pour(spool, mega, { pieces: 15, bytes: 100_000 }), mega + 1_500_000n);
  assert.equal(spool.bytes(), 1_500_000);
  rmSync(join(folder, 'spare.new'), { recursive: true });
  await spool.prepare();
  assert.ok(readdirSync(folder).includes('spare'));
  spool.close();
});

for (const bytesMax of [900_000, 2_000_000, 3_600_000, 5_000_000]) {
  test(`bound to ${bytesMax} bytes: no more lies on the disk, and it goes on once the store took some`, async (t) => {
    const folder = folderFor(t);
    const spool = openSpool(folder, owner, { bytesMax });
    let at = mega;
    let rounds = 0;
    for (; rounds < 40; rounds++) {
      await spool.prepare();
      const before = at;
      at = pour(spool, at, { pieces: 3, bytes: 50_000 });
      assert.ok(onDisk(folder) <= bytesMax, `${onDisk(folder)} bytes`);
      if (at === before) break;
    }
    assert.ok(rounds < 40, 'it is full');
    assert.ok(at - mega > BigInt(bytesMax) / 3n, `full with ${at - mega} bytes`);
    const whole = spool.segments().filter((spooled) => spooled.whole);
    for (const spooled of whole) spool.forget(spooled);
    assert.equal(pour(spool, at, { pieces: 1, bytes: 50_000 }) > at, whole.length > 0);
    spool.close();
  });
}

test('what the former release left goes to the store, and the segment that it had begun is gone on with', async (t) => {
  const folder = folderFor(t);
  const name = (number: number) => join(folder, `00000002000000000000000${number}`);
  const [whole, begun] = [Buffer.alloc(1 << 20, 1), Buffer.alloc(300_000, 2)];
  writeFileSync(join(folder, 'spool.json'), JSON.stringify(owner));
  writeFileSync(join(folder, '00000002.history'), '1\t0/100000\tno reason\n');
  writeFileSync(name(1), whole);
  writeFileSync(`${name(2)}.partial`, begun);
  writeFileSync(`${name(3)}.partial`, '');
  // Killed when it was being taken over: what was not flushed whole is taken over again.
  writeFileSync(`${name(2)}.reel`, Buffer.alloc(100));
  const spool = openSpool(folder, owner);
  assert.deepEqual(spool.newest(), { timeline: 2, at: 2n * mega + 300_000n });
  spool.write(2, 2n * mega + 300_000n, Buffer.alloc(5, 3));
  spool.flush();
  spool.close();
  assert.deepEqual(
    readdirSync(folder).filter((file) => file.endsWith('.partial')),
    [],
  );
  const store = createMemoryStore();
  const vault = openVault(store);
  assert.equal(await drainSpool(vault, folder), (1 << 20) + 300_005);
  assert.deepEqual(
    Buffer.from((await readSealed(vault, 'wal/00000002/000000020000000000000001'))?.content ?? []),
    whole,
  );
  const piece = await readSealed(vault, 'wal/00000002/000000020000000000000002.00000000-000493e5');
  assert.deepEqual(Buffer.from(piece?.content ?? []), Buffer.concat([begun, Buffer.alloc(5, 3)]));
  assert.ok([...store.objects.keys()].some((key) => key.includes('history')));
});
