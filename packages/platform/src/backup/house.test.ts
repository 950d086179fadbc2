// A house goes into the store once, comes out as it was, is refused without its key, and old copies are taken away with the chunks
// that nobody else leans on.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { getWhole, listAll } from '@hale/ports';
import { createMemoryStore } from '@hale/ports/testing';
import {
  layOutHouse,
  listHouseIds,
  listHouses,
  openHouseVault,
  pruneHouse,
  readHouse,
  readHouseHead,
  takeHouse,
} from './house.ts';
import { withMark } from './marks.ts';
import { putSealed } from './vault.ts';

const key = Buffer.alloc(32, 7);
const file = (path: string, text: string, mode = 0o640) => ({ path, mode, content: Buffer.from(text) });

test('packed, found, laid out, and cleaned up', async () => {
  const store = createMemoryStore();
  const clock = createVirtualClock();
  const vault = openHouseVault(store, 'shop', key);
  const take = (text: string) => {
    const files = [file('hale.config.ts', text), file('services/run.sh', 'echo well', 0o750), file('empty', '')];
    return takeHouse({ vault, clock, system: 'shop', keyName: 'KEY', files, about: { text } });
  };
  await assert.rejects(readHouse(vault), { code: 'HALE_PLATFORM_BACKUP_NONE' });
  const first = await take('one');
  clock.advance(5_000);
  const again = await take('one');
  assert.ok(first.newBytes > 0);
  assert.equal(again.newBytes, 0, 'what is there already is not stored again');
  clock.advance(5_000);
  const last = await take('two');

  assert.deepEqual(await listHouses(store), ['shop']);
  assert.equal((await readHouseHead(openHouseVault(store, 'shop'))).keyName, 'KEY');
  await assert.rejects(readHouse(openHouseVault(store, 'shop')), { code: 'HALE_PLATFORM_BACKUP_KEY_MISSING' });
  const wrong = openHouseVault(store, 'shop', Buffer.alloc(32, 8));
  await assert.rejects(readHouse(wrong), { code: 'HALE_PLATFORM_BACKUP_KEY_WRONG' });
  for await (const { key: name } of listAll(store, '')) {
    const body = Buffer.from((await getWhole(store, name)) ?? []).toString('latin1');
    assert.ok(!body.includes('echo well'), `${name} is sealed`);
  }

  const folder = join(mkdtempSync(join(tmpdir(), 'hale-house-')), 'shop');
  const found = await readHouse(vault);
  assert.deepEqual(found.about, { text: 'two' });
  await layOutHouse(vault, found, folder);
  assert.equal(readFileSync(join(folder, 'hale.config.ts'), 'utf8'), 'two');
  assert.equal(readFileSync(join(folder, 'empty'), 'utf8'), '');
  assert.equal(statSync(join(folder, 'services/run.sh')).mode & 0o777, 0o750);
  rmSync(folder, { recursive: true });

  await pruneHouse(vault, clock, 1_000);
  assert.deepEqual(await listHouseIds(vault), [last.id]);
  await layOutHouse(vault, await readHouse(vault), folder);
  const chunks: string[] = [];
  for await (const { key: name } of listAll(vault.store, 'chunk/')) chunks.push(name);
  assert.equal(chunks.length, last.chunks.length);
  rmSync(dirname(folder), { recursive: true });
});

test('a newer copy that takes the place of the newest while it is looked for', async () => {
  const clock = createVirtualClock();
  const store = createMemoryStore(() => clock.wall());
  const vault = openHouseVault(store, 'shop', key);
  const take = (about: string) =>
    takeHouse({ vault, clock, system: 'shop', keyName: 'KEY', files: [file('a', about)], about });
  await take('old');
  clock.advance(5_000);
  let isTaken = false;
  const list: typeof store.list = async (prefix, page) => {
    const found = await store.list(prefix, page);
    if (!isTaken) {
      isTaken = true;
      await take('new');
      await pruneHouse(vault, clock, 1_000);
    }
    return found;
  };
  assert.equal((await readHouse(openHouseVault({ ...store, list }, 'shop', key))).about, 'new');
});

test('who finds somebody cleaning up waits a moment, and not for ever', async () => {
  const clock = createVirtualClock();
  const vault = openHouseVault(
    createMemoryStore(() => clock.wall()),
    'shop',
    key,
  );
  const taken = () => takeHouse({ vault, clock, system: 'shop', keyName: 'KEY', files: [file('a', 'a')], about: {} });
  /** The clean-up takes so many seconds; gives what became of the copy. */
  const during = async (seconds: number) => {
    const taking = withMark(vault, { kind: 'prune', name: 'x', clock }, async () => {
      const begun = taken().catch((error: { code: string }) => error.code);
      for (let half = 0; half < seconds * 2; half++) {
        await new Promise(setImmediate);
        clock.advance(500);
      }
      return { begun };
    });
    const { begun } = await taking;
    await new Promise(setImmediate);
    clock.advance(500);
    return begun;
  };
  assert.ok(typeof (await during(2)) === 'object');
  assert.equal(await during(30), 'HALE_PLATFORM_BACKUP_BUSY');
});

test('a list whose path leads elsewhere is not believed', async () => {
  const clock = createVirtualClock();
  const vault = openHouseVault(createMemoryStore(), 'shop', key);
  const made = await takeHouse({ vault, clock, system: 'shop', keyName: 'KEY', files: [file('a', 'a')], about: {} });
  const files = made.files.map((one) => ({ ...one, path: '../a' }));
  const id = '29990101T000000Z-abcdef';
  const content = Buffer.from(JSON.stringify({ ...made, id, files }));
  await putSealed(vault, `house/${id}/manifest`, { content });
  await assert.rejects(readHouse(vault), { code: 'HALE_PLATFORM_BACKUP_DAMAGED', message: /leads elsewhere/ });
});
