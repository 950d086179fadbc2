// Bookmarks: now and then the whole state is written down, so that coming back means reading a little, not a life. Every so
// many entries, and every 30 s when there was anything new; and at a hand-over.
import { type Clock, isHaleError, type Timer } from '@hale/base';
import type { Journal } from '@hale/ports';

export interface SnapshotOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly current: () => { readonly seq: number; readonly state: unknown };
  readonly onTrouble: (error: unknown) => void;
}

export interface Snapshots {
  start(): void;
  /** So many entries were appended. */
  wrote(entries: number): void;
  finish(): void;
}

const everyEntries = 2_000;
const everyMs = 30_000;

export function createSnapshots({ journal, clock, current, onTrouble }: SnapshotOptions): Snapshots {
  let entries = 0;
  let timer: Timer | undefined;
  const take = () => {
    if (entries === 0) return;
    const { seq, state } = current();
    try {
      journal.snapshot(seq, JSON.stringify(state));
    } catch (error) {
      // On a full disk the old bookmark serves: coming back only takes longer.
      if (!isHaleError(error) || error.code !== 'HALE_CONTROL_JOURNAL_FULL') throw error;
      onTrouble(error);
    }
    entries = 0;
  };
  return {
    start() {
      timer = clock.every(everyMs, take);
    },
    wrote(count) {
      entries += count;
      if (entries >= everyEntries) take();
    },
    finish() {
      timer?.cancel();
      take();
    },
  };
}
