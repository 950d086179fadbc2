// `node packages/sdk/src/idempotency/sim/main.ts [--kills 10000] [--seed 1] [--bug NAME] [--json]`: the proof on demand. Exits 1 on a breach.
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import type { Bug } from './database.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    bug: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const campaign = await runCampaign({
  killPoints: Number(values.kills),
  firstSeed: Number(values.seed),
  ...(values.bug === undefined ? {} : { bug: values.bug as Bug }),
});
const { breaches, events, ...sums } = campaign;
if (values.json) {
  process.stdout.write(`${JSON.stringify({ ...sums, breaches: breaches.length, events })}\n`);
} else {
  process.stdout.write(`${sums.killPoints} kill points in ${sums.worlds} worlds, first seed ${values.seed}\n`);
  for (const [name, times] of Object.entries(events).sort()) process.stdout.write(`  ${name}: ${times}\n`);
  for (const { seed, breach } of breaches.slice(0, 20)) process.stdout.write(`seed ${seed}: ${breach}\n`);
  process.stdout.write(`${breaches.length} breaches\n`);
}
process.exitCode = breaches.length === 0 ? 0 : 1;
