// What a composed call costs that goes well: CPU and heap, ours beside the bare call and three peers, in the same process and run.
import type { Row } from '../row.ts';
import { answering } from './contestants.ts';
import { type Cost, costs } from './stopwatch.ts';

const what = 'retry+breaker+bulkhead+timeout+metrics';
const calls = 20_000;

export async function run({ runs }: { readonly runs: number }): Promise<readonly Row[]> {
  const { contestants, stop } = await answering();
  try {
    const seen = await costs(contestants, { rounds: Math.max(5, runs), calls });
    return rowsOf(seen);
  } finally {
    await stop();
  }
}

function rowsOf(seen: ReadonlyMap<string, Cost>): readonly Row[] {
  const ours = seen.get('hale')!;
  const rows = [...seen].flatMap(([name, { cpuNs, bytes }]): Row[] => {
    if (name.startsWith('hale')) return [];
    const peer = { case: what, peerName: name };
    return [
      { ...peer, metric: 'cpu', hale: ours.cpuNs, peer: cpuNs, ratio: cpuNs / ours.cpuNs, unit: 'ns/call' },
      { ...peer, metric: 'heap', hale: ours.bytes, peer: bytes, ratio: bytes / ours.bytes, unit: 'B/call' },
    ];
  });
  const reading = seen.get('hale, signal read')!;
  return [
    ...rows,
    { case: what, metric: 'cpu over bare', hale: ours.cpuNs / seen.get('bare')!.cpuNs, unit: 'times' },
    { case: `${what}, the callee reads the signal`, metric: 'cpu', hale: reading.cpuNs, unit: 'ns/call' },
  ];
}
