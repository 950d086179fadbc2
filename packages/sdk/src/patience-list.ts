// One kitchen timer for all pots on the stove: calls under way stand on one list that is looked through every few milliseconds, and
// only while there is any. A timer and an AbortController for each call would cost more than the call. A deadline is noticed
// at most one look late.
import type { Clock } from '@hale/base';

/** Something that must be over at a time; `dueMs` (mono) may be moved while it stands on the list. */
export interface Patient {
  dueMs: number;
  /** Where it stands: the list's own note; -1 when it does not. */
  slot: number;
  /** Called once, off the list. */
  onDue(): void;
}

export interface PatienceList {
  add(item: Patient): void;
  remove(item: Patient): void;
}

const lookEveryMs = 8;

export function createPatienceList(clock: Clock): PatienceList {
  const items: Patient[] = [];
  let isArmed = false;
  const remove = (item: Patient) => {
    const { slot } = item;
    if (slot < 0) return;
    item.slot = -1;
    const last = items.pop()!;
    if (last === item) return;
    items[slot] = last;
    last.slot = slot;
  };
  const look = () => {
    const nowMs = clock.mono();
    // From the end: whoever is taken off is replaced by the last one, which was looked at already.
    for (let i = items.length - 1; i >= 0; i--) {
      const item = items[i];
      if (item === undefined || item.dueMs > nowMs) continue;
      remove(item);
      item.onDue();
    }
    isArmed = items.length > 0;
    if (isArmed) clock.after(lookEveryMs, look, true);
  };
  return {
    add(item) {
      if (item.slot >= 0) return;
      item.slot = items.length;
      items.push(item);
      if (isArmed) return;
      isArmed = true;
      clock.after(lookEveryMs, look, true);
    },
    remove,
  };
}
