// The simulated book: keeps the promises of the real one (ports/journal.contract.ts) in memory, can be full, and lets somebody read along
// what has just been written. A past life comes back through JSON, so that it forgets exactly what a file would forget.
import { controlError } from '@hale/control/ring';
import type { Journal, JournalEntry, JournalRecord } from '@hale/ports';

export interface SimulatedJournal extends Journal {
  /** From now on the disk is full, or is not. */
  setFull(full: boolean): void;
}

/** What stands before a snapshot is not needed any more; so much of it is kept. */
const keptMin = 50;

/** `onWritten` hears of what stands already; what it throws is thrown by `append`: whoever wrote dies with the ink still wet. `onRefused`: the disk is full. */
export function createSimulatedJournal(
  onWritten: (records: readonly JournalRecord[]) => void,
  onRefused: () => void = () => {},
): SimulatedJournal {
  let entries: JournalEntry[] = [];
  let newest: { seq: number; state: string } | undefined;
  let lastSeq = 0;
  let full = false;
  const needRoom = () => {
    if (!full) return;
    onRefused();
    throw controlError('HALE_CONTROL_JOURNAL_FULL', 'the disk is full: nothing can be written down');
  };
  return {
    setFull(value) {
      full = value;
    },
    append(records) {
      if (records.length > 0) needRoom();
      for (const record of records) entries.push({ seq: ++lastSeq, record });
      onWritten(records);
      return lastSeq;
    },
    read(after, limit) {
      const from = entries.findIndex((entry) => entry.seq > after);
      return from < 0 ? [] : throughJson(entries.slice(from, from + limit));
    },
    snapshot(seq, state) {
      needRoom();
      newest = { seq, state };
      const excess = entries.length - keptMin;
      entries = entries.filter((entry, index) => entry.seq > seq || index >= excess);
    },
    latestSnapshot: () => newest,
    close() {},
  };
}

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
