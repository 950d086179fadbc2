// A crowd of shoppers by hand: `node examples/shop/load/main.ts --url http://127.0.0.1:8080 --rps 500 --seconds 30 [--mix shop] [--json]`.
// It asks for what hale.load.json says, at a fixed rate whether or not the shop keeps up, and afterwards looks in the shop's books
// for every order that was acknowledged. Prints a line a second; ends with 1 when a request failed or an order is lost or double.
import { parseArgs } from 'node:util';
import { randomSeed } from '@hale/base';
import { readPlan, startLoadProcess } from '@hale/drill/live';

const plan = readPlan(new URL('../hale.load.json', import.meta.url).pathname);
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    rps: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '30' },
    mix: { type: 'string', default: 'drill' },
    json: { type: 'boolean', default: false },
  },
});
const rps = Number(values.rps);
const seconds = Number(values.seconds);
const templates = plan.mixes[values.mix];
if (!(rps > 0 && seconds > 0) || templates === undefined) {
  process.stderr.write(
    `usage: main.ts --url URL --rps N --seconds N --mix ${Object.keys(plan.mixes).join('|')} [--json]\n`,
  );
  process.exit(2);
}

const load = startLoadProcess({
  ...{ url: values.url, rps, seed: randomSeed() },
  plan: { ...plan, mixes: { drill: templates } },
});
let interrupted = false;
process.once('SIGINT', () => {
  interrupted = true;
});
for (let second = 0; second < seconds && !interrupted; second++) {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const lap = await load.mark();
  if (values.json) continue;
  process.stdout.write(
    `${lap.rps} req/s  ok ${lap.ok}  failed ${lap.failed}  severed ${lap.severed}  unsent ${lap.unsent}  ` +
      `p50 ${lap.p50Ms} ms  p99 ${lap.p99Ms} ms  max ${lap.maxMs} ms\n`,
  );
}
const whole = await load.stop();
if (values.json) process.stdout.write(`${JSON.stringify(whole)}\n`);
else {
  process.stdout.write(`total ${whole.total}  failed ${whole.failed}  severed ${whole.severed}  lost ${whole.lost}  `);
  process.stdout.write(`doubled ${whole.doubled}\n`);
  for (const reason of whole.reasons) process.stdout.write(`  ${reason}\n`);
}
process.exit(whole.failed + whole.lost + whole.doubled > 0 ? 1 : 0);
