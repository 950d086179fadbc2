// A clock whose hands the test turns (timers fire in order of time, then of creation; nothing sleeps), and how often chance is tried.
import type { Clock } from './clock.ts';

export interface VirtualClock extends Clock {
  /** Moves time forward by `ms`, firing every timer that falls due, in order. */
  advance(ms: number): void;
}

interface Pending {
  at: number;
  order: number;
  periodMs: number | undefined;
  fn: () => void;
}

/** A clock at `mono` 0 and `wall` `wallStart`, which moves only by `advance`. */
export function createVirtualClock(wallStart = 1_700_000_000_000): VirtualClock {
  let now = 0;
  let order = 0;
  const pending = new Set<Pending>();
  const add = (ms: number, fn: () => void, periodMs?: number) => {
    const timer: Pending = { at: now + Math.max(0, ms), order: order++, periodMs, fn };
    pending.add(timer);
    return { cancel: () => void pending.delete(timer) };
  };
  const earliest = (until: number) => {
    let best: Pending | undefined;
    for (const timer of pending) {
      if (timer.at > until) continue;
      if (best === undefined || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer;
    }
    return best;
  };
  return {
    mono: () => now,
    wall: () => wallStart + now,
    after: (ms, fn) => add(ms, fn),
    every: (ms, fn) => add(ms, fn, Math.max(1, ms)),
    advance(ms) {
      const until = now + ms;
      for (let timer = earliest(until); timer !== undefined; timer = earliest(until)) {
        now = timer.at;
        if (timer.periodMs === undefined) pending.delete(timer);
        else timer.at += timer.periodMs;
        timer.fn();
      }
      now = until;
    },
  };
}

/**
 * How often a test tries chance: `few` times in `npm run check`, `many` in `npm test`, which sets HALE_RUNS=many (and so in continuous
 * integration). With one seed the few are the first of the many. Seeds that once failed are no chance: they are tried always.
 */
export function tries(few: number, many: number): number {
  return process.env['HALE_RUNS'] === 'many' ? many : few;
}
