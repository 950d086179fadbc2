// Sockets for tests: a journal and a lease in memory that keep the same contracts as the real ones, and the bodies of those
// contracts. What is stored goes through JSON, so that a twin forgets exactly what a file would forget.
import { HaleError } from '@hale/base';
import type { Journal, JournalEntry, JournalRecord } from './journal.ts';
import type { Lease } from './lease.ts';

export {
  type JournalBench,
  type JournalSubject,
  journalContract,
  tellRecord,
  timePassed,
} from './journal.contract.ts';
export { type LeaseBench, type LeaseSubject, leaseContract } from './lease.contract.ts';
export { createMemoryStore, type MemoryStore } from './memory-store.ts';
export { type StoreBench, storeContract } from './store.contract.ts';

export interface MemoryJournal extends Journal {
  /** How many appends asked for fsync. */
  readonly durableAppends: number;
  /** From now on the disk is full, or is not. */
  setFull(full: boolean): void;
}

/** A journal that lives as long as the object; closing it changes nothing. */
export function createMemoryJournal(options: { readonly entriesMax?: number } = {}): MemoryJournal {
  const entriesMax = options.entriesMax ?? 50_000;
  let entries: JournalEntry[] = [];
  let snapshot: { seq: number; state: string } | undefined;
  let lastSeq = 0;
  let durableAppends = 0;
  let full = false;
  return {
    get durableAppends() {
      return durableAppends;
    },
    setFull(value) {
      full = value;
    },
    append(records, { durable }) {
      if (full && records.length > 0) {
        const code = 'HALE_CONTROL_JOURNAL_FULL';
        throw new HaleError({ code, message: 'the disk is full', hint: 'free some space', retriable: true });
      }
      if (durable) durableAppends++;
      for (const record of records) entries.push({ seq: ++lastSeq, record: throughJson(record) });
      const excess = entries.length - entriesMax;
      if (excess > 0 && snapshot !== undefined) {
        const upTo = snapshot.seq;
        entries = entries.filter((entry, index) => index >= excess || entry.seq > upTo);
      }
      return lastSeq;
    },
    read(after, limit) {
      const from = entries.findIndex((entry) => entry.seq > after);
      return from < 0 ? [] : entries.slice(from, from + limit);
    },
    snapshot(seq, state) {
      snapshot = { seq, state };
    },
    latestSnapshot: () => snapshot,
    close() {},
  };
}

function throughJson(record: JournalRecord): JournalRecord {
  return JSON.parse(JSON.stringify(record)) as JournalRecord;
}

/** The row that several memory leases share. `isAlive` says whether a holder's process lives. */
export interface MemoryLeaseRow {
  epoch: number;
  holder: string | undefined;
  isAlive(holder: string): boolean;
}

export function createMemoryLease(row: MemoryLeaseRow = { epoch: 0, holder: undefined, isAlive: () => true }): Lease {
  let mine: { epoch: number; holder: string } | undefined;
  const isHeld = () => mine !== undefined && row.holder === mine.holder && row.epoch === mine.epoch;
  return {
    acquire(holder, epochFloor = 0) {
      if (row.holder !== undefined && row.holder !== holder && row.isAlive(row.holder)) {
        const message = `${row.holder} leads`;
        throw new HaleError({ code: 'HALE_CONTROL_LEASE_HELD', message, hint: 'stop the other one first' });
      }
      row.epoch = Math.max(row.epoch, epochFloor) + 1;
      row.holder = holder;
      mine = { epoch: row.epoch, holder };
      return row.epoch;
    },
    isHeld,
    release() {
      if (isHeld()) row.holder = undefined;
      mine = undefined;
    },
  };
}
