// The proof in small: some hundred deaths in the middle of a keyed request, nothing doubled, nothing lost; and the referee is awake, because
// each planted bug is caught. `node packages/sdk/src/idempotency/sim/main.ts` runs ten thousand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCampaign } from './campaign.ts';
import type { Bug } from './database.ts';
import { runWorld } from './world.ts';

test('60 kill points from seed 1: nothing doubled, lost, untrue or stuck, and everything was tried', async () => {
  const { breaches, events } = await runCampaign({ killPoints: 60, firstSeed: 1 });
  assert.deepEqual(breaches, []);
  const wanted = ['killed', 'host lost', 'stopped', 'backend ended', 'database crashed', 'request lost', 'answer lost'];
  const seen = ['fresh', 'replayed', 'discarded', 'HALE_SDK_KEY_REUSED', 'HALE_SDK_KEY_IN_PROGRESS'];
  for (const name of [...wanted, ...seen, 'HALE_SDK_KEY_WORK_UNDONE', 'HALE_SDK_KEY_STORE_DOWN']) {
    assert.ok((events[name] ?? 0) > 0, `${name} never happened`);
  }
});

/** Each with a seed shortly before one that shows it. */
const canaries: readonly (readonly [Bug, number, RegExp])[] = [
  ['two-commits', 160, /doubled/],
  ['no-guard', 50, /doubled|two answers/],
  ['no-lock', 263, /untrue/],
  ['early-answer', 305, /lost|two answers/],
  ['no-lease', 218, /stuck/],
];
for (const [bug, firstSeed, what] of canaries) {
  test(`the referee catches: ${bug}`, async () => {
    const { breaches } = await runCampaign({ killPoints: 300, firstSeed, bug, untilBreach: true });
    assert.match(breaches.map(({ breach }) => breach).join('; '), what);
  });
}

test('the same seed is the same history', async () => {
  assert.deepEqual(await runWorld({ seed: 7 }), await runWorld({ seed: 7 }));
});
