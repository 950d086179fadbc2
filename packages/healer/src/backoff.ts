// How long to wait before the next try: full jitter over min(cap, base x 2^n) (Marc Brooker, "Exponential backoff and
// jitter", 2015), drawn from the journaled seed. The first unexpected exit waits for nothing.
import type { CauseKind } from '@hale/model';
import { limits } from './limits.ts';

/** Delay before the start that follows the `failures`-th failure in a row; `unit` is a draw in [0, 1). */
export function restartDelayMs(failures: number, unit: number): number {
  if (failures <= 1) return 0;
  return unit * Math.min(limits.backoffCapMs, limits.backoffBaseMs * 2 ** (failures - 1));
}

/** Delay between slow tries while held. */
export function heldDelayMs(unit: number, cause?: CauseKind): number {
  const [min, max] =
    cause === 'disk' ? [limits.fullRetryMinMs, limits.fullRetryMaxMs] : [limits.heldRetryMinMs, limits.heldRetryMaxMs];
  return min + unit * (max - min);
}

/** A life that served this long starts the count again. */
export function steadyAfterMs(startTookMs: number): number {
  return Math.max(limits.steadyAfterMs, 5 * startTookMs);
}
