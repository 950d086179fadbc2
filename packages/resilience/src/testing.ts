// Time and chance for tests of code that uses policies: a clock whose hands you turn and dice that fall the same way each time. An hour of
// backoff takes a millisecond, and a failure seen once can be seen again by its seed. Nothing sleeps: between two timers every promise that can
// settle does.
import { createRng, type Rng } from '@hale/base';
import type { PolicyClock } from './policy/types.ts';

export interface VirtualTime {
  /** Hand it to `policy(settings, { clock })`. */
  readonly clock: PolicyClock;
  /** Milliseconds since it was made. */
  readonly nowMs: number;
  /** Timers that wait. */
  readonly pending: number;
  /** Moves time forward, firing what falls due in order and letting promises settle before, between and after. */
  advance(ms: number): Promise<void>;
  /** Moves from timer to timer until `promise` has settled, and gives what it gave. Throws when nothing is left that could settle it, or after `limitMs` (a day). */
  settled<T>(promise: PromiseLike<T>, limitMs?: number): Promise<T>;
  /** Steps the wall clock, as NTP or a person may; durations must not notice. */
  stepWall(ms: number): void;
}

interface Pending {
  readonly atMs: number;
  readonly fn: () => void;
}

const dayMs = 86_400_000;

interface HostTurn {
  setImmediate?: (fn: () => void) => void;
  setTimeout(fn: () => void, ms: number): unknown;
}
const host = globalThis as unknown as HostTurn;

/** One turn of the event loop: all microtasks run before it ends. */
const turn = (): Promise<void> =>
  new Promise((resolve) =>
    host.setImmediate === undefined ? host.setTimeout(resolve, 0) : host.setImmediate(resolve),
  );

/**
 * A clock at 0 that moves only when told.
 *
 * @example
 * const time = createVirtualTime();
 * const orders = policy({ retry: {} }, { clock: time.clock, unit: createDice(7).unit });
 * const answer = await time.settled(orders.execute(flaky));
 */
export function createVirtualTime(wallStartMs = 1_700_000_000_000): VirtualTime {
  let nowMs = 0;
  let wallMs = wallStartMs;
  const timers: Pending[] = [];
  const clock: PolicyClock = {
    mono: () => nowMs,
    wall: () => wallMs + nowMs,
    after(ms, fn) {
      const timer = { atMs: nowMs + Math.max(0, ms), fn };
      // Kept in order of time, then of creation.
      const at = timers.findLastIndex((other) => other.atMs <= timer.atMs) + 1;
      timers.splice(at, 0, timer);
      return {
        cancel: () => {
          const place = timers.indexOf(timer);
          if (place >= 0) timers.splice(place, 1);
        },
      };
    },
  };
  const fireNext = (untilMs: number): boolean => {
    const next = timers[0];
    if (next === undefined || next.atMs > untilMs) return false;
    timers.shift();
    nowMs = next.atMs;
    next.fn();
    return true;
  };
  return {
    clock,
    get nowMs() {
      return nowMs;
    },
    get pending() {
      return timers.length;
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      do await turn();
      while (fireNext(untilMs));
      nowMs = untilMs;
      await turn();
    },
    async settled(promise, limitMs = dayMs) {
      let isOver = false;
      const over = () => {
        isOver = true;
      };
      promise.then(over, over);
      const untilMs = nowMs + limitMs;
      for (await turn(); !isOver; await turn()) {
        if (fireNext(untilMs)) continue;
        throw new Error(`virtual time: not settled within ${limitMs} ms, and ${timers.length} timers wait`);
      }
      return promise;
    },
    stepWall(ms) {
      wallMs += ms;
    },
  };
}

/** Dice that fall the same way for the same seed: hand `unit` to `policy(settings, { unit })`. */
export function createDice(seed: number): Rng {
  return createRng(seed);
}
