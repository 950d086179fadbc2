// The load generator's process: one argument (JSON: url, rps, plan, seed), then lines on stdin: `rps N`, and `mark` and `stop`, which
// are answered by one line of JSON each. A closed stdin ends it, so it never outlives the drill.
import { createInterface } from 'node:readline';
import { startLoad } from './load.ts';
import type { LoadPlan } from './plan.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as {
  url: string;
  rps: number;
  plan: LoadPlan;
  seed: number;
  mix?: string;
};
const load = startLoad({ ...options, connections: 64 });
const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'mark') answer(load.mark());
  if (line.startsWith('rps ')) load.setRps(Number(line.slice(4)));
  if (line === 'stop') {
    const whole = await load.stop();
    const { lost, doubled } = await load.verify().catch((error: Error) => {
      process.stderr.write(`the audit failed: ${error.message}\n`);
      process.exit(1);
    });
    const reasons = [...load.ledger.reasons].map(([why, times]) => `${times} x ${why}`).slice(0, 5);
    const { total, failed, severed, unsent, rps } = whole;
    answer({ total, failed, severed, unsent, rps, lost, doubled, reasons });
    break;
  }
}
process.exit(0);
