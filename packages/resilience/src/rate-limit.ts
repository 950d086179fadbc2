// The turnstile: so many a second and no more. Smooth: one at a time, evenly spaced. Bursty: a purse of tokens that fills evenly and may be
// spent at once. Both are one token bucket (Turner 1986) whose tokens may be reserved before they are there, as in Go's x/time/rate. Who comes
// early may wait, for a bounded time and in bounded number; it hands out waits and keeps no timer.
import type { Priority } from './carried.ts';
import { checkNumbers } from './rule-settings.ts';

export interface RateLimitSettings {
  /** Calls a second, above 0; fractions are fine (0.1 is one in ten seconds). */
  readonly perSecond: number;
  /** Calls that may go at once after a quiet time; default 1, which spaces them evenly (smooth). */
  readonly burst?: number;
  /** A call waits at most this long for its turn; default 0: refused at once. */
  readonly waitMaxMs?: number;
  /** At most this many wait at once; default 1000. */
  readonly waitingMax?: number;
  /** Share of refusals that are carried out, 0 to 1; default 1. */
  readonly enforce?: number;
}

export interface RateLimit {
  /** Milliseconds until the call's turn: 0 go now, more: wait that long and say `began`, or `gaveUp`. -1: refused, nothing is reserved.
   * The priority is only told on. */
  reserve(nowMs: number, patienceMs?: number, priority?: Priority): number;
  /** One that had to wait goes now. */
  began(): void;
  /** One that had to wait will not go: its token is given back to those who come later. */
  gaveUp(): void;
  /** How many wait. */
  readonly waiting: number;
  /** Takes new settings; what is reserved stays reserved. */
  update(settings: RateLimitSettings): void;
}

export interface RateLimitOptions {
  readonly settings: RateLimitSettings;
  /** Uniform in [0, 1), for `enforce`. */
  readonly unit: () => number;
  readonly onRefused?: (refusal: {
    readonly priority: Priority;
    readonly waitMs: number;
    readonly carriedOut: boolean;
  }) => void;
}

/** Of a token: the sum of many small fillings must not keep one out who is in time. */
const rounding = 1e-6;
const defaults = { burst: 1, waitMaxMs: 0, waitingMax: 1000, enforce: 1 };

export function createRateLimit({ settings, unit, onRefused = () => {} }: RateLimitOptions): RateLimit {
  let now = checked(settings);
  /** Below zero: so many have reserved and wait. */
  let tokens = now.burst;
  let filledMs = Number.NaN;
  const fill = (nowMs: number) => {
    if (nowMs > filledMs) tokens += ((nowMs - filledMs) * now.perSecond) / 1000;
    tokens = Math.min(now.burst, tokens);
    filledMs = Number.isNaN(filledMs) ? nowMs : Math.max(filledMs, nowMs);
  };
  let waiting = 0;
  return {
    get waiting() {
      return waiting;
    },
    reserve(nowMs, patienceMs = Number.POSITIVE_INFINITY, priority = 'normal') {
      fill(nowMs);
      const waitMs = tokens >= 1 - rounding ? 0 : ((1 - tokens) * 1000) / now.perSecond;
      if (waitMs > 0 && (waitMs > Math.min(now.waitMaxMs, patienceMs) || waiting >= now.waitingMax)) {
        const carriedOut = now.enforce >= 1 || unit() < now.enforce;
        onRefused({ priority, waitMs, carriedOut });
        return carriedOut ? -1 : 0;
      }
      tokens--;
      if (waitMs > 0) waiting++;
      return waitMs;
    },
    began() {
      waiting--;
    },
    gaveUp() {
      waiting--;
      tokens++;
    },
    update(next) {
      now = checked(next);
    },
  };
}

function checked(settings: RateLimitSettings): Required<RateLimitSettings> {
  const all = { ...defaults, ...settings };
  checkNumbers('rateLimit', [
    { name: 'perSecond', value: all.perSecond, min: 1e-6, max: 1e9 },
    { name: 'burst', value: all.burst, min: 1, max: 1e9 },
    { name: 'waitMaxMs', value: all.waitMaxMs, min: 0, max: 86_400_000 },
    { name: 'waitingMax', value: all.waitingMax, min: 1, max: 1e6 },
    { name: 'enforce', value: all.enforce, min: 0, max: 1 },
  ]);
  return all;
}
