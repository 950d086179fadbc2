// The clean-up among others: two at once, one that was killed in the middle, one whose clock is wrong, and what it does to a backup and to a
// proof that know nothing of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHaleError } from '@hale/base';
import { openShelf } from './chunk-shelf.ts';
import { atEveryMoment, backupId, createPaperVault, type PaperVault } from './paper-vault.ts';
import { prove } from './proof.ts';
import { prune } from './prune.ts';
import { manifestKey, putSealed } from './vault.ts';
import { verify } from './verify.ts';

const [first, second] = [backupId(1), backupId(2)];
const day = 86_400_000;

async function two(): Promise<PaperVault> {
  const paper = await createPaperVault();
  const now = paper.clock.wall();
  await paper.log(1, [1, 2, 3, 4], now);
  await paper.backUp({ id: first, endedAt: now - 3 * day, start: 1024, stop: 1500 });
  await paper.backUp({ id: second, endedAt: now - 1000, start: 3072, stop: 3500 });
  return paper;
}
const clean = ({ vault, clock }: PaperVault, keepMs = day) =>
  prune({ vault, clock, retention: { keepMs, keepCountMin: 1 }, force: true });
const keysOf = ({ store }: PaperVault, prefix: string) =>
  [...store.objects.keys()].filter((key) => key.startsWith(prefix));

test('two that begin at the same moment both see the other, and leave no sign', async () => {
  const paper = await two();
  const order = { vault: paper.vault, clock: paper.clock, retention: { keepMs: day, keepCountMin: 1 } };
  const said = await Promise.allSettled([prune(order), prune(order)]);
  const refused = said
    .filter((one) => one.status === 'rejected')
    .map(({ reason }) => (reason as { code: string }).code);
  assert.deepEqual([...new Set(refused)], ['HALE_PLATFORM_BACKUP_BUSY']);
  assert.deepEqual(keysOf(paper, 'running/'), []);
});

test('reports on a backup that is gone go as well: whoever took it away was killed, or proved it meanwhile', async () => {
  const paper = await two();
  for (const id of [first, second]) await putSealed(paper.vault, `proof/${id}/1`, { content: Buffer.from('{}') });
  await paper.vault.store.delete(manifestKey(first));
  await clean(paper);
  assert.deepEqual(keysOf(paper, 'proof/'), [`proof/${second}/1`]);
});

test('a clock that is a year ahead makes nothing old where the store knows better', async () => {
  const paper = await two();
  const wrong = { ...paper.clock, wall: () => paper.clock.wall() + 365 * day };
  assert.deepEqual((await clean({ ...paper, clock: wrong }, 7 * day)).dropped, []);
  assert.deepEqual((await clean(paper)).dropped, [first]);
});

test('a list that was still on its way when its process was killed finds its chunks; what no list names goes later', async () => {
  for (const [afterMs, problems] of [
    [10_000, 0],
    [2 * 3_600_000, 1],
  ] as const) {
    const paper = await two();
    const id = backupId(3);
    await paper.backUp({ id, endedAt: paper.clock.wall(), start: 3072, stop: 3600 });
    const late = paper.store.objects.get(manifestKey(id));
    paper.store.objects.delete(manifestKey(id));
    paper.clock.advance(afterMs);
    assert.deepEqual((await clean(paper)).dropped, [first]);
    assert.ok(late);
    paper.store.objects.set(manifestKey(id), late);
    const found = (await verify(paper.vault, { clock: paper.hurried })).backups.find((one) => one.id === id);
    assert.equal(found?.problems.length, problems);
  }
});

test('a backup whose chunks are taken away or found damaged before its list is written is none', async () => {
  for (const how of ['gone', 'damaged'] as const) {
    const paper = await two();
    const shelf = await openShelf(paper.vault);
    await shelf.put(0, Buffer.from('content'));
    const [key = ''] = (await shelf.finish()).map((chunk) => chunk.key);
    paper.clock.advance(2 * 3_600_000);
    if (how === 'gone') await clean(paper);
    else await paper.vault.store.putIfAbsent(`damaged/${key.split('/').at(-1)}`, new Uint8Array(1));
    await assert.rejects(shelf.finish(), { code: 'HALE_PLATFORM_BACKUP_BUSY', retriable: true }, how);
  }
});

test('a proof of a backup that is taken away at any moment is no bad one, and no report is left', async () => {
  const engine = { postgres: '/nowhere/postgres', major: 18, runAs: { kind: 'self' } } as const;
  const moments = await atEveryMoment({
    open: two,
    meddle: async (paper) => void (await clean(paper)),
    read: (vault, { hurried }) => prove({ vault, engine, clock: hurried, target: { kind: 'backup', id: first } }),
    async judge(reading, paper) {
      const found = await reading.catch((error: unknown) => (isHaleError(error) ? error.code : error));
      // It goes as far as the server that is not there; what comes after that is not looked at here.
      if (typeof found === 'object')
        assert.match(String((found as Awaited<typeof reading>).problems), /does not start/);
      else assert.equal(found, 'HALE_PLATFORM_BACKUP_UNKNOWN');
      if (keysOf(paper, manifestKey(first)).length === 0 && typeof found === 'string')
        assert.deepEqual(keysOf(paper, `proof/${first}/`), []);
    },
  });
  assert.ok(moments >= 8, String(moments));
});
