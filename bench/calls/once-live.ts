// Two hundred real services die by SIGKILL in the middle of keyed POSTs over a real PostgreSQL, others are stopped past their lease, and connections
// are ended under them, while eight clients ask again with the same key. Then the books are audited.
import type { Row } from '../row.ts';
import { runProgram } from './once.ts';

const kills = 200;

interface LiveReport {
  readonly kills: number;
  readonly backendsEnded: number;
  readonly stops: number;
  readonly crashes: number;
  readonly acknowledged: number;
  readonly doubled: number;
  readonly lost: number;
  readonly stuck: number;
  readonly longestMs: number;
}

export async function run(): Promise<readonly Row[]> {
  const report = await runProgram<LiveReport>('live/main.ts', ['--kills', String(kills)]);
  const name = `keyed POST, ${report.kills} live kills, ${report.backendsEnded} connections ended, ${report.stops} stops`;
  return [
    { case: name, metric: 'acknowledged', hale: report.acknowledged, unit: '' },
    { case: name, metric: 'doubled', hale: report.doubled, unit: '' },
    { case: name, metric: 'lost', hale: report.lost, unit: '' },
    { case: name, metric: 'stuck', hale: report.stuck, unit: '' },
    { case: name, metric: 'ended unbidden', hale: report.crashes, unit: '' },
    { case: name, metric: 'longest wait for a 201', hale: report.longestMs, unit: 'ms' },
  ];
}
