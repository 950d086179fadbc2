// Looks at the log in the store, and at a gap twice. Two put the log there: the receiver, a round behind the server, and every base
// backup, which brings along what it needs itself. So for a moment the younger segment may lie there while the end of the older one is
// still on its way. A gap before something that came just now is looked at again; one that is older is a hole.
import type { Clock } from '@hale/base';
import type { Stretch } from './timeline.ts';
import type { Vault } from './vault.ts';
import { type Hole, planWal, type WalPlan } from './wal-plan.ts';
import { listWal, type WalPiece } from './wal-shelf.ts';

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
    const pieces = await listWal(vault, segmentBytes);
    const plan = planWal(pieces, way, segmentBytes);
    const isYoung = plan.hole !== undefined && clock.wall() - beyond(pieces, plan.hole) < onItsWayMs;
    if (!isYoung || clock.mono() >= until) return plan;
    await new Promise<void>((resolve) => clock.after(againAfterMs, resolve));
  }
}

/** Since when (Unix ms, the store's clock) something lies behind the hole; long ago where nothing does: then nobody has gone ahead. */
function beyond(pieces: readonly WalPiece[], { missing }: Hole): number {
  const behind = pieces.filter(({ segment }) => segment.number > missing.number).map(({ storedAt }) => storedAt);
  return behind.length === 0 ? 0 : Math.min(...behind);
}
