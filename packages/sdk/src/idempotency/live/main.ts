// `node packages/sdk/src/idempotency/live/main.ts [--kills 200] [--clients 8] [--seed 1]`: real kills, and a line of JSON. Exits 1 when anything
// was doubled, lost or stuck.
import { parseArgs } from 'node:util';
import { runLiveCampaign } from './campaign.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    clients: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
});
const goodbyes: (() => void | Promise<void>)[] = [];
try {
  const report = await runLiveCampaign(
    { after: (fn) => void goodbyes.push(fn) },
    { kills: Number(values.kills), clients: Number(values.clients), seed: Number(values.seed) },
  );
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exitCode = report.doubled + report.lost + report.stuck + report.crashes === 0 ? 0 : 1;
} finally {
  for (const goodbye of goodbyes.reverse()) await goodbye();
}
process.exit();
