// The load generator by hand: `node examples/shop/load/main.ts --url http://127.0.0.1:8080 --rps 500 --seconds 30 [--mix shop] [--json]`.
// Prints a line a second and a summary; ends with 1 when a request failed or an acknowledged order is lost.
import { parseArgs } from 'node:util';
import { startLoad } from './load.ts';
import type { Snapshot } from './report.ts';
import { drillMix, shopMix } from './requests.ts';

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
if (!(rps > 0 && seconds > 0) || (values.mix !== 'drill' && values.mix !== 'shop')) {
  process.stderr.write('usage: main.ts --url URL --rps N --seconds N --mix drill|shop [--json]\n');
  process.exit(2);
}

const cpuBefore = process.cpuUsage();
const load = startLoad({
  url: values.url,
  rps,
  mix: values.mix === 'shop' ? shopMix : drillMix,
  onSnapshot: (snapshot) => {
    if (!values.json) process.stdout.write(`${lineOf(snapshot)}\n`);
  },
});
await new Promise<void>((resolve) => {
  setTimeout(resolve, seconds * 1000);
  process.once('SIGINT', resolve);
});
const result = await load.stop();
const cpu = process.cpuUsage(cpuBefore);
const verification = await load.verify();
const coreRatio = Math.round((cpu.user + cpu.system) / 10 / result.ms) / 100;
const reasons = Object.fromEntries(load.ledger.reasons);
if (values.json) {
  process.stdout.write(`${JSON.stringify({ ...result, verification, reasons, coreRatio })}\n`);
} else {
  process.stdout.write(`\n${lineOf(result)}\n`);
  for (const [reason, times] of load.ledger.reasons) process.stdout.write(`  ${times} x ${reason}\n`);
  const { acknowledged, lost, doubled } = verification;
  process.stdout.write(
    `orders acknowledged ${acknowledged}, lost ${lost}, doubled ${doubled}; generator used ${coreRatio} of a core\n`,
  );
}
process.exit(result.failed + verification.lost + verification.doubled > 0 ? 1 : 0);

function lineOf(s: Snapshot): string {
  return `${s.rps} req/s  ok ${s.ok}  failed ${s.failed}  severed ${s.severed}  unsent ${s.unsent}  p50 ${s.p50Ms} ms  p99 ${s.p99Ms} ms  max ${s.maxMs} ms`;
}
