// One series of trials: the cluster whole, clients writing, the primary killed, the time until a client is told "committed"
// again; then whole once more, and every receipt held against the rows. A line of JSON a trial is kept as it happens, so that a
// series that breaks off has still said what it saw.
import type { Account } from './account.ts';
import type { Contestant, StrokeKind } from './contestant.ts';
import { openLedger } from './ledger.ts';

const wholeBoundMs = 180_000;
const writeBoundMs = 420_000;
const settleBoundMs = 30_000;
/** So that the ledger writes at its pace before the stroke. */
const warmMs = 1_000;
/** A peer that looks every ten seconds must not be struck always equally long after it looked. */
const phaseMs = 10_000;

export interface Trial {
  readonly stroke: StrokeKind;
  readonly n: number;
  /** From the ledger's first write to the stroke: a random moment. */
  readonly waitMs: number;
  /** From the first signal to the last process gone. */
  readonly killMs: number;
  /** Left out: nothing was acknowledged within seven minutes. */
  readonly firstWriteMs?: number;
  /** All nodes were there again within three minutes. */
  readonly rejoined: boolean;
  readonly acknowledged: number;
  readonly lost: number;
  readonly inDoubt: number;
  readonly inDoubtThere: number;
}

export interface Series {
  readonly stroke: StrokeKind;
  readonly runs: number;
  readonly say: (trial: Trial) => void;
}

export async function runSeries(contestant: Contestant, { stroke, runs, say }: Series): Promise<readonly Trial[]> {
  const trials: Trial[] = [];
  for (let n = 1; n <= runs; n++) {
    await contestant.whole(wholeBoundMs);
    const trial = await runTrial(contestant, { stroke, n });
    say(trial);
    trials.push(trial);
  }
  return trials;
}

async function runTrial(
  contestant: Contestant,
  { stroke: kind, n }: { readonly stroke: StrokeKind; readonly n: number },
): Promise<Trial> {
  const ledger = await openLedger({ urls: contestant.urls });
  const waitMs = Math.round(warmMs + Math.random() * phaseMs);
  try {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const stroke = await contestant.strike(kind);
    const firstWriteMs = await ledger.firstWrite(stroke, writeBoundMs);
    // Receipts of the time of rejoining count too: an old primary that comes back must take none of them away.
    const rejoined = await contestant.whole(wholeBoundMs).then(
      () => true,
      () => false,
    );
    const account: Account = await ledger.settle(settleBoundMs);
    if (account.strangers.length > 0) throw new Error(`rows that nobody sent: ${account.strangers.join(', ')}`);
    const { acknowledged, lost, inDoubt, inDoubtThere } = account;
    const killMs = Math.round((stroke.goneMs - stroke.fromMs) * 10) / 10;
    const told = firstWriteMs === undefined ? {} : { firstWriteMs: Math.round(firstWriteMs) };
    return {
      stroke: kind,
      n,
      waitMs,
      killMs,
      ...told,
      rejoined,
      acknowledged,
      lost: lost.length,
      inDoubt,
      inDoubtThere,
    };
  } finally {
    await ledger.close();
  }
}
