// What a dead leaf gets when five services stand in a row and each may retry three times: the largest share of what was offered, over any ten
// seconds. With the purse, beside the same chain with a window at each hop and with nothing. At few requests a second the allowance of the
// window (ten retries a second and hop) is the larger part, and that is printed, too.
import type { Row } from '../../row.ts';
import { amplification, type ChainOptions, type Death } from './simulation.ts';

const seeds = [1, 2, 3];

const worst = (options: Omit<ChainOptions, 'seed'>): number =>
  Math.max(...seeds.map((seed) => amplification({ ...options, seed })));

export async function run(): Promise<readonly Row[]> {
  const warm = (death: Death, qps = 200) => ({ death, qps, deadFromMs: 15_000, durationMs: 40_000 });
  const cold = (qps: number) => ({ death: 'fails', qps, deadFromMs: 0, durationMs: 25_000 }) as const;
  const deaths: readonly Death[] = ['fails', 'fails half', 'hangs'];
  const beside = deaths.flatMap((death) => {
    const hale = worst({ restraint: 'purse', ...warm(death) });
    const of = `chain of five, leaf ${death}, 200 a second`;
    const naive = worst({ restraint: 'tries', death, qps: 20, deadFromMs: 0, durationMs: 12_000 });
    return [
      row(of, hale, { peer: worst({ restraint: 'window', ...warm(death) }), peerName: 'a window at each hop' }),
      row(of, hale, { peer: naive, peerName: 'three retries, nothing else' }),
    ];
  });
  const alone = [5, 20, 60, 100, 200, 1000].map((qps) =>
    row(`chain of five, leaf dead from the start, ${qps} a second`, worst({ restraint: 'purse', ...cold(qps) })),
  );
  return [...beside, ...alone];
}

function row(of: string, hale: number, peer?: { peer: number; peerName: string }): Row {
  const metric = 'leaf load in its worst ten seconds';
  return { case: of, metric, hale, unit: 'x offered', ...(peer && { ...peer, ratio: peer.peer / hale }) };
}
