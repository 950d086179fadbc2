// Ten real deaths in the middle of keyed POSTs; `live/main.ts` does two hundred.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithoutPostgres } from '../testing/database.ts';
import { runLiveCampaign } from './campaign.ts';

test('ten services are killed under keyed POSTs: nothing doubled, lost or stuck', {
  skip: skipWithoutPostgres(),
}, async (t) => {
  const goodbyes: (() => void | Promise<void>)[] = [];
  t.after(async () => {
    for (const goodbye of goodbyes.reverse()) await goodbye();
  });
  const report = await runLiveCampaign(
    { after: (fn) => void goodbyes.push(fn) },
    { kills: 10, clients: 6, seed: Number(process.env['HALE_SEED'] ?? 1) },
  );
  const { kills, crashes, doubled, lost, stuck } = report;
  assert.deepEqual({ kills, crashes, doubled, lost, stuck }, { kills: 10, crashes: 0, doubled: 0, lost: 0, stuck: 0 });
  assert.ok(report.acknowledged > 50);
});
