// Signs on the door: backups side by side, a clean-up alone, and the sign of one who was killed is passed over in the end (at once where
// it can be known: marks.live.test.ts).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { createMemoryStore } from '@hale/ports/testing';
import { type Mark, withMark } from './marks.ts';
import { openVault } from './vault.ts';

const clock = createVirtualClock();
const mark = (kind: Mark['kind'], name: string, force = false): Mark => ({ kind, name, clock, force });
const busy = { code: 'HALE_PLATFORM_BACKUP_BUSY', retriable: true };

test('backups may work side by side; a clean-up and a backup never meet', async () => {
  const vault = openVault(createMemoryStore(() => clock.wall()));
  const nothing = async () => 'done';
  await withMark(vault, mark('backup', 'a'), async () => {
    assert.equal(await withMark(vault, mark('backup', 'b'), nothing), 'done');
    await assert.rejects(withMark(vault, mark('prune', 'c'), nothing), busy);
    assert.equal(await withMark(vault, mark('prune', 'c', true), nothing), 'done');
  });
  await withMark(vault, mark('prune', 'd'), async () => {
    await assert.rejects(withMark(vault, mark('backup', 'e'), nothing), busy);
    await assert.rejects(withMark(vault, mark('prune', 'f'), nothing), busy);
  });
  assert.deepEqual((await vault.store.list('')).objects, [], 'every sign was taken down');
});

test('the sign of one who was killed is passed over after a day', async () => {
  const store = createMemoryStore(() => clock.wall());
  const vault = openVault(store);
  store.objects.set('running/backup-killed', { body: new Uint8Array(0), storedAt: clock.wall() - 86_400_001 });
  assert.equal(await withMark(vault, mark('prune', 'x'), async () => 'done'), 'done');
});

const skip = process.platform !== 'linux';
test('a sign that a broken store did not let us take down is no sign once it works again', { skip }, async () => {
  const store = createMemoryStore(() => clock.wall());
  const broken = { ...store, delete: () => Promise.reject(new Error('down')) };
  await withMark(openVault(broken), mark('prune', 'a'), async () => {
    await assert.rejects(
      withMark(openVault(store), mark('backup', 'b'), async () => {}),
      busy,
    );
  });
  assert.equal(store.objects.has('running/prune-a'), true);
  assert.equal(await withMark(openVault(store), mark('backup', 'c'), async () => 'done'), 'done');
  assert.deepEqual([...store.objects.keys()], []);
});

test("a clock that is days ahead makes nobody's sign old: the store dates them", async () => {
  const vault = openVault(createMemoryStore(() => clock.wall()));
  const wrong = { ...clock, wall: () => clock.wall() + 40 * 86_400_000 };
  await withMark(vault, mark('backup', 'a'), async () => {
    await assert.rejects(
      withMark(vault, { ...mark('prune', 'b'), clock: wrong }, async () => {}),
      busy,
    );
  });
});

test('a restore is held up by nobody, also where it may hang up nothing; no clean-up begins while it reads', async () => {
  const store = createMemoryStore(() => clock.wall());
  const vault = openVault(store);
  await withMark(vault, mark('prune', 'a'), () => withMark(vault, mark('restore', 'b'), async () => {}));
  await withMark(vault, mark('restore', 'c'), async () => {
    await assert.rejects(
      withMark(vault, mark('prune', 'd'), async () => {}),
      busy,
    );
    assert.equal(await withMark(vault, mark('backup', 'e'), async () => 'done'), 'done');
  });
  const readOnly = openVault({ ...store, putIfAbsent: () => Promise.reject(new Error('denied')) });
  assert.equal(await withMark(readOnly, mark('restore', 'f'), async () => 'done'), 'done');
  await assert.rejects(
    withMark(readOnly, mark('backup', 'g'), async () => 'done'),
    /denied/,
  );
});

test('who works for days is at work for days, and leaves no sign', async () => {
  const store = createMemoryStore(() => clock.wall());
  const vault = openVault(store);
  await withMark(vault, mark('backup', 'slow'), async () => {
    for (let hour = 0; hour < 50; hour++) {
      clock.advance(3_600_000);
      await new Promise(setImmediate);
    }
    await assert.rejects(
      withMark(vault, mark('prune', 'x'), async () => {}),
      busy,
    );
    assert.equal(store.objects.size, 1);
  });
  assert.deepEqual([...store.objects.keys()], []);
});
