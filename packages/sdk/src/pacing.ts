// How long to wait before ringing again: not at all where somebody else may pick up at once; else a random while that grows
// (decorrelated jitter, Brooker 2015), so that a crowd that failed together does not come back together; and never
// sooner than the other side asked for (Retry-After).
import { type Clock, createRng, randomSeed } from '@hale/base';

const rng = createRng(randomSeed());
const firstMs = 50;
const longestMs = 2_000;
/** Whoever asks for more is not waited for: the answer goes to the caller, who may. */
const retryAfterMaxMs = 30_000;

export interface Pace {
  /** Tries made so far. */
  readonly tries: number;
  /** Somebody else can be rung. */
  readonly hasOther: boolean;
  /** What Retry-After said. */
  readonly askedMs: number | undefined;
  /** The last try cannot have cost the other side anything. */
  readonly isHarmless: boolean;
}

/** Milliseconds; Infinity: not worth it. */
export function waitBeforeRetry({ tries, hasOther, askedMs, isHarmless }: Pace): number {
  if (hasOther && (tries === 1 || isHarmless)) return 0;
  const widest = Math.min(longestMs, firstMs * 3 ** tries);
  const jitterMs = firstMs / 2 + rng.unit() * (widest - firstMs / 2);
  if (askedMs === undefined || hasOther) return jitterMs;
  return askedMs > retryAfterMaxMs ? Number.POSITIVE_INFINITY : Math.max(askedMs, jitterMs);
}

/** Retry-After in milliseconds, from seconds or a date (RFC 9110, 10.2.3); undefined when it is neither. */
export function retryAfterMs(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  clock: Pick<Clock, 'wall'>,
): number | undefined {
  const said = headers['retry-after'];
  if (typeof said !== 'string') return undefined;
  if (/^\d{1,9}$/.test(said)) return Number(said) * 1_000;
  const at = Date.parse(said);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.wall());
}
