// One egg timer for the whole kitchen: a timer and an AbortController for every call cost more than the call, so everything that
// must not take too long is put on one list that is looked through a few times a second. A deadline is a plain number (mono ms);
// of two, the nearer one holds. Kept in an array from which items are taken by swapping, not in a Set: a Set's outgrown tables point to their
// successors, so once one is old, V8 keeps alive everything that passed through (20 ms pauses and 20 % of the CPU in a busy gateway).
import type { Clock } from '@hale/base';

/** Something that must be over at a time. `dueMs` may be moved while it is on the list; Infinity means never. */
export interface Deadline {
  dueMs: number;
  /** Where it is on the list: the sweep's own note. */
  sweepSlot?: number;
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
  const items: Deadline[] = [];
  const remove = (item: Deadline) => {
    const slot = item.sweepSlot;
    if (slot === undefined || slot < 0) return;
    item.sweepSlot = -1;
    const last = items.pop()!;
    if (last === item) return;
    items[slot] = last;
    last.sweepSlot = slot;
  };
  const add = (item: Deadline) => {
    if (item.sweepSlot !== undefined && item.sweepSlot >= 0) return;
    item.sweepSlot = items.length;
    items.push(item);
  };
  const timer = clock.every(tickMs, () => {
    if (items.length === 0) return;
    const nowMs = clock.mono();
    // From the end, because whoever is taken off is replaced by the last one, which was looked at already.
    for (let i = items.length - 1; i >= 0; i--) {
      const item = items[i];
      if (item === undefined || item.dueMs > nowMs) continue;
      remove(item);
      item.onDue(nowMs);
    }
  });
  return {
    get size() {
      return items.length;
    },
    add,
    remove,
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
