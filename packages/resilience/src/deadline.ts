// One egg timer for the whole kitchen: a timer and an AbortController for every call cost more than the call, so everything that
// must not take too long is put on one list that is looked through a few times a second. A deadline is a plain number (mono ms);
// of two, the nearer one holds.
import type { Clock } from '@hale/base';

/** Something that must be over at a time. `dueMs` may be moved while it is on the list; Infinity means never. */
export interface Deadline {
  dueMs: number;
  /** Called once, off the list, at most one tick late. */
  onDue(nowMs: number): void;
}

export interface DeadlineSweep {
  readonly size: number;
  add(item: Deadline): void;
  remove(item: Deadline): void;
  [Symbol.iterator](): IterableIterator<Deadline>;
  stop(): void;
}

/** Looks through all deadlines every `tickMs`. */
export function createDeadlineSweep(clock: Clock, tickMs: number): DeadlineSweep {
  const items = new Set<Deadline>();
  const timer = clock.every(tickMs, () => {
    if (items.size === 0) return;
    const nowMs = clock.mono();
    for (const item of items) {
      if (item.dueMs > nowMs) continue;
      items.delete(item);
      item.onDue(nowMs);
    }
  });
  return {
    get size() {
      return items.size;
    },
    add: (item) => void items.add(item),
    remove: (item) => void items.delete(item),
    [Symbol.iterator]: () => items.values(),
    stop: () => timer.cancel(),
  };
}

/** Milliseconds left until `dueMs`, never below 0. */
export function remainingMs(dueMs: number, nowMs: number): number {
  return Math.max(0, dueMs - nowMs);
}

/** The nearer of two deadlines; undefined is none. */
export function tighter(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}
