// Plays a script with a pair of hands: waits, breaks, watches, and has it judged. It knows nothing of where it is played.
import { drillError } from '../errors.ts';
import { drawReplicas, missersOf } from './draw.ts';
import type { DrillHands } from './hands.ts';
import { judge } from './judge.ts';
import type { DrillScript } from './language.ts';
import type { DrillLine } from './result.ts';
import { createWatch, type Watch } from './watch.ts';

export interface RunOptions {
  /** Stop this long after every expected ending was seen, instead of watching for the script's whole time. */
  readonly lingerMs?: number;
}

/** Plays it to its end. The system must be healthy before; what the hands cannot do is thrown by them. */
export async function runDrill(script: DrillScript, hands: DrillHands, options: RunOptions = {}): Promise<DrillLine> {
  const before = await hands.view();
  if (before === undefined) throw drillError('HALE_DRILL_NOT_HEALTHY', 'nobody answered before the drill began');
  const drawn = drawReplicas(script, hands.seed, before);
  try {
    await hands.begin(drawn);
    const watch = await play(drawn, hands, { before, lingerMs: options.lingerMs });
    const load = await hands.finish();
    const { seed, platform, mayTakeMs } = hands;
    return judge({ script: drawn, seed, platform, mayTakeMs, watch, load });
  } finally {
    await hands.undo();
  }
}

async function play(
  script: DrillScript,
  hands: DrillHands,
  { before, lingerMs }: { before: Watch['before']; lingerMs: number | undefined },
): Promise<Watch> {
  const began = hands.now();
  const pending = [...script.actions];
  const watch = createWatch(before, missersOf(script, before));
  const forMs = watchMs(script, hands);
  let allSeenAt: number | undefined;
  while (hands.now() - began < forMs && !hands.isInterrupted()) {
    const next = pending[0];
    const elapsed = hands.now() - began;
    if (next !== undefined && next.atMs <= elapsed) {
      pending.shift();
      watch.strike(await hands.perform(next.action));
      continue;
    }
    await hands.wait(Math.max(1, Math.min(hands.lookEveryMs, (next?.atMs ?? forMs) - elapsed)));
    const view = await hands.view();
    if (view === undefined || watch.strikeAt === undefined || view.at.mono < watch.strikeAt) continue;
    watch.note(view, hands.now(), pending.length === 0);
    const isOver = pending.length === 0 && elapsed >= faultsUntilMs(script) && hasAll(script, watch);
    allSeenAt = isOver ? (allSeenAt ?? elapsed) : undefined;
    if (lingerMs !== undefined && allSeenAt !== undefined && elapsed - allSeenAt >= lingerMs) break;
  }
  return watch;
}

/** As long as the script says, or as an ending may take here. */
function watchMs(script: DrillScript, hands: DrillHands): number {
  const lastMs = script.actions.at(-1)?.atMs ?? 0;
  const longest = script.expectations.map((one) => ('withinMs' in one ? lastMs + hands.mayTakeMs(one.withinMs) : 0));
  return Math.max(script.forMs, ...longest);
}

function hasAll(script: DrillScript, watch: Watch): boolean {
  return script.expectations.every((one) => !('withinMs' in one) || watch.seenAt.has(one.kind));
}

/** When the last fault that lasts by itself is over; what a replica suffers ends with the replica. */
function faultsUntilMs(script: DrillScript): number {
  const ends = script.actions.map(({ atMs, action }) =>
    'forMs' in action && action.kind !== 'block' ? atMs + action.forMs : atMs,
  );
  return Math.max(0, ...ends);
}
