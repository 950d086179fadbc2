// Looks at the log in the store, and at a gap twice. Two put the log there: the receiver, a round behind the server, and every base
// backup, which brings along what it needs itself. So for a moment the younger segment may lie there while the end of the older one is
// still on its way. A gap before something that came just now is looked at again; one that is older is a hole.
import type { Clock } from '@hale/base';
import type { Stretch } from './timeline.ts';
import type { Vault } from './vault.ts';
import { segmentNumber } from './wal-name.ts';
import { planWal, type WalPlan } from './wal-plan.ts';
import { listWal, readPiece, segmentKey, type WalPiece } from './wal-shelf.ts';

export interface Look {
  readonly segmentBytes: number;
  readonly clock: Clock;
}

/** Some rounds of a receiver, whose store and database are slow. */
const onItsWayMs = 10_000;
const againAfterMs = 250;

/** What `way` finds; its hole, if it has one, is no younger than ten seconds. Throws HALE_PLATFORM_STORE_*. */
export async function lookAtWal(
  vault: Vault,
  way: readonly Stretch[],
  { segmentBytes, clock }: Look,
): Promise<WalPlan> {
  const until = clock.mono() + onItsWayMs;
  for (;;) {
    const pieces = [...(await listWal(vault, segmentBytes))];
    const plan = await planOver(vault, pieces, { way, segmentBytes });
    const isYoung = plan.hole !== undefined && clock.wall() - beyond(pieces, plan, { way, segmentBytes }) < onItsWayMs;
    if (!isYoung || clock.mono() >= until) return plan;
    await new Promise<void>((resolve) => clock.after(againAfterMs, resolve));
  }
}

interface Wish {
  readonly way: readonly Stretch[];
  readonly segmentBytes: number;
}

/**
 * A list comes in pages, and between two of them a whole segment may have taken the place of its pieces: its own name lies on the page
 * that was read already. So wherever the log ends before a segment does, that one is asked for by name.
 */
async function planOver(vault: Vault, pieces: WalPiece[], { way, segmentBytes }: Wish): Promise<WalPlan> {
  for (;;) {
    const plan = planWal(pieces, way, segmentBytes);
    const last = plan.segments.at(-1);
    const short = plan.hole?.missing ?? (last !== undefined && last.filled < segmentBytes ? last.segment : undefined);
    const whole = short && (await vault.store.head(segmentKey(short, segmentBytes)));
    const piece = whole && readPiece(whole, segmentBytes);
    if (piece === undefined || pieces.some(({ key }) => key === piece.key)) return plan;
    pieces.push(piece);
  }
}

/**
 * Since when (Unix ms, the store's clock) something lies behind the hole; long ago where nothing does: then nobody has gone ahead. What
 * a line that was left wrote further on is no part of the way.
 */
function beyond(pieces: readonly WalPiece[], { hole }: WalPlan, { way, segmentBytes }: Wish): number {
  const missing = hole?.missing.number ?? 0n;
  const isOnWay = ({ segment: { timeline, number } }: WalPiece) =>
    way.some(
      (stretch) =>
        stretch.timeline === timeline &&
        (stretch.until === undefined || number < segmentNumber(stretch.until, segmentBytes)),
    );
  const behind = pieces.filter((piece) => piece.segment.number > missing && isOnWay(piece));
  return behind.length === 0 ? 0 : Math.min(...behind.map(({ storedAt }) => storedAt));
}
