// From where a restore sets out: along the line on which the database lives now, whatever was abandoned, and whatever a clean-up takes away
// while the plan is made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHaleError } from '@hale/base';
import { readCatalogue } from './catalogue.ts';
import { atEveryMoment, backupId, createPaperVault, type PaperVault } from './paper-vault.ts';
import { prune } from './prune.ts';
import { planRestore } from './restore-plan.ts';
import { manifestKey } from './vault.ts';
import { verify } from './verify.ts';

const [first, second, third] = [backupId(1), backupId(2), backupId(3)];
const plan = (paper: PaperVault, to: 'latest' | number) =>
  planRestore(paper.vault, to === 'latest' ? { kind: 'latest' } : { kind: 'time', at: to }, {
    ...{ major: 18, clock: paper.hurried },
  });

/** Brought back from the first backup to a moment before the second; it has written on since, and nobody has taken a backup. */
async function broughtBack(): Promise<PaperVault> {
  const paper = await createPaperVault();
  await paper.backUp({ id: first, endedAt: 100_000, start: 1024, stop: 1500 });
  await paper.backUp({ id: second, endedAt: 200_000, start: 3072, stop: 3500 });
  await paper.log(1, [1, 2, 3], 210_000);
  await paper.fork(2, [[1, 2500]]);
  await paper.log(2, [2, 3], 400_000);
  return paper;
}

test('latest is where the database lives, also when the newest backup is of a line that was left', async () => {
  const latest = await plan(await broughtBack(), 'latest');
  assert.deepEqual([latest.manifest.id, latest.timeline, latest.completeUntil], [first, 2, 400_000]);
});

test('a moment on the living line is reached from the older backup, one on the line that was left from the newer', async () => {
  const paper = await broughtBack();
  const rows: readonly [at: number, id: string, timeline: number][] = [
    [150_000, first, 2],
    [204_000, second, 1],
    [390_000, first, 2],
  ];
  for (const [at, id, timeline] of rows) {
    const found = await plan(paper, at);
    assert.deepEqual([found.manifest.id, found.timeline], [id, timeline], String(at));
  }
  await assert.rejects(plan(paper, 500_000), {
    code: 'HALE_PLATFORM_BACKUP_TARGET_FUTURE',
    details: { latest: 400_000 },
  });
});

test('a backup that ended behind the fork does not lead to the new line, wherever it began', async () => {
  const paper = await createPaperVault();
  await paper.backUp({ id: first, endedAt: 100_000, start: 1024, stop: 1500 });
  // Of a primary that was deposed while it was copied: its files may hold what the new line never saw.
  await paper.backUp({ id: second, endedAt: 200_000, start: 2100, stop: 2600 });
  await paper.log(1, [1, 2], 210_000);
  await paper.fork(2, [[1, 2500]]);
  await paper.log(2, [2, 3], 400_000);
  const latest = await plan(paper, 'latest');
  assert.deepEqual([latest.manifest.id, latest.timeline], [first, 2]);
});

test('a younger backup on the living line is what is set out from', async () => {
  const paper = await broughtBack();
  await paper.backUp({ id: third, endedAt: 390_000, timeline: 2, start: 3072, stop: 3300 });
  assert.equal((await plan(paper, 'latest')).manifest.id, third);
});

test('the clean-up leaves the way to the living line, and drops it once there is a younger one', async () => {
  const paper = await broughtBack();
  const clean = () => prune({ vault: paper.vault, clock: paper.clock, retention: { keepMs: 0, keepCountMin: 1 } });
  assert.deepEqual((await clean()).dropped, []);
  assert.equal((await plan(paper, 'latest')).completeUntil, 400_000);
  await paper.backUp({ id: third, endedAt: 390_000, timeline: 2, start: 3072, stop: 3300 });
  assert.deepEqual((await clean()).dropped, [second, first]);
  assert.equal((await plan(paper, 'latest')).completeUntil, 400_000);
});

test('until when it is complete is found behind many segments of which nobody could say it', async () => {
  const paper = await createPaperVault();
  await paper.backUp({ id: first, endedAt: 100_000, start: 1024, stop: 1500 });
  await paper.log(1, [1], 300_000);
  await paper.log(
    1,
    Array.from({ length: 40 }, (_, index) => index + 2),
    0,
  );
  assert.equal((await plan(paper, 'latest')).completeUntil, 300_000);
});

/** Three backups, of which the first is about to go, with its log. */
async function aging(): Promise<PaperVault> {
  const paper = await createPaperVault();
  await paper.log(1, [1, 2, 3, 4, 5, 6], 600_000);
  await paper.backUp({ id: first, endedAt: 100_000, start: 1024, stop: 1500 });
  await paper.backUp({ id: second, endedAt: 300_000, start: 3072, stop: 3500 });
  await paper.backUp({ id: third, endedAt: 500_000, start: 5120, stop: 5500 });
  return paper;
}
const cleanUp = async ({ vault, clock }: PaperVault) => {
  const retention = { keepMs: clock.wall() - 200_000, keepCountMin: 2 };
  const { dropped } = await prune({ vault, clock, retention, force: true });
  assert.deepEqual(dropped, [first]);
};

test('a clean-up at any moment: what is listed, planned and inspected is what is there, and nothing is called damaged', async () => {
  const catalogue = await atEveryMoment({
    ...{ open: aging, meddle: cleanUp, read: readCatalogue },
    async judge(reading) {
      const entries = await reading;
      assert.deepEqual(
        entries.map(({ damage }) => damage).filter((words) => words !== ''),
        [],
      );
      assert.deepEqual(
        entries.slice(-2).map(({ id }) => id),
        [second, third],
      );
    },
  });
  const latest = await atEveryMoment({
    ...{ open: aging, meddle: cleanUp },
    read: (vault, paper) => plan({ ...paper, vault }, 'latest'),
    judge: async (reading) => assert.equal((await reading).manifest.id, third),
  });
  const early = await atEveryMoment({
    ...{ open: aging, meddle: cleanUp },
    read: (vault, paper) => plan({ ...paper, vault }, 200_000),
    async judge(reading) {
      const found = await reading.catch((error: unknown) => (isHaleError(error) ? error.code : error));
      if (typeof found !== 'string') assert.equal((found as Awaited<typeof reading>).manifest.id, first);
      else assert.equal(found, 'HALE_PLATFORM_BACKUP_TARGET_EARLY');
    },
  });
  const inspected = await atEveryMoment({
    ...{ open: aging, meddle: cleanUp },
    read: (vault, { hurried }) => verify(vault, { clock: hurried }),
    async judge(reading, { store }) {
      const { backups } = await reading;
      assert.deepEqual(
        backups.flatMap(({ problems }) => problems),
        [],
      );
      assert.deepEqual(
        backups.slice(-2).map(({ id }) => id),
        [second, third],
      );
      assert.deepEqual(
        [...store.objects.keys()].filter((key) => key.startsWith('damaged/')),
        [],
      );
    },
  });
  for (const moments of [catalogue, latest, early, inspected]) assert.ok(moments >= 4, String(moments));
});

test('a backup that is written down at any moment, ahead of the receiver: it is set out from, and no hole is told', async () => {
  const moments = await atEveryMoment({
    async open() {
      const paper = await createPaperVault();
      await paper.backUp({ id: first, endedAt: 100_000, start: 1024, stop: 1500 });
      await paper.log(1, [1, 2, 5], 200_000);
      return paper;
    },
    meddle: (paper) => paper.backUp({ id: second, endedAt: 300_000, start: 5120, stop: 5500 }),
    read: (vault, paper) => plan({ ...paper, vault }, 'latest'),
    async judge(reading, { store }) {
      await reading.catch(() => {});
      if (store.objects.has(manifestKey(second))) assert.equal((await reading).manifest.id, second);
      else await assert.rejects(reading, { code: 'HALE_PLATFORM_BACKUP_WAL_HOLE' });
    },
  });
  assert.ok(moments >= 8, String(moments));
});
