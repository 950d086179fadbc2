// After a kill, a hole, a restore to an earlier moment, a promotion: is a new backup due at once, or does the last one lead on?
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupId, createPaperVault, type PaperVault } from '../paper-vault.ts';
import { leadsOn } from './way-on.ts';

const id = backupId(1);

async function check(
  what: string,
  expected: boolean,
  timeline: number,
  setUp: (paper: PaperVault) => Promise<unknown>,
) {
  const paper = await createPaperVault();
  await setUp(paper);
  paper.clock.advance(60_000);
  assert.equal(await leadsOn(paper.vault, { timeline, clock: paper.hurried }), expected, what);
}
const begun = async (paper: PaperVault, stop = 1500) => {
  await paper.backUp({ id, endedAt: 100_000, start: 1024, stop });
  await paper.log(1, [1, 2], 200_000);
};

test('the last backup leads to where the database is, or it does not', async () => {
  await check('nothing yet', true, 1, async () => {});
  await check('followed since', true, 1, begun);
  await check('a hole that nobody alive has seen', false, 1, async (paper) => {
    await begun(paper);
    await paper.log(1, [4, 5], 300_000);
  });
  await check('a promotion behind it', true, 2, async (paper) => {
    await begun(paper);
    await paper.fork(2, [[1, 2500]]);
    await paper.log(2, [2, 3], 300_000);
  });
  await check('brought back to a moment before it', false, 2, async (paper) => {
    await begun(paper, 2600);
    await paper.fork(2, [[1, 2500]]);
    await paper.log(2, [2, 3], 300_000);
  });
  await check('its list is damaged', false, 1, async (paper) => {
    await begun(paper);
    const [key = '', there] = [...paper.store.objects].find(([name]) => name.startsWith('base/')) ?? [];
    paper.store.objects.set(key, { storedAt: 0, body: (there?.body ?? new Uint8Array()).slice(0, -1) });
  });
});
