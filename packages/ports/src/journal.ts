// The book in which everything is written before it is done (INV-02). Ordered, bounded, versioned.
// Adapters: SQLite (control/journal), memory (testing). Contract: journal.contract.ts.
import type { Command, HaleEvent } from '@hale/model';

export type JournalRecord =
  | { readonly kind: 'event'; readonly version: number; readonly event: HaleEvent }
  | { readonly kind: 'command'; readonly version: number; readonly command: Command };

export interface JournalEntry {
  readonly seq: number;
  readonly record: JournalRecord;
}

export interface Journal {
  /**
   * Appends in order, atomically; gives the seq of the last. `durable` survives the machine's death (fsync),
   * otherwise it survives only the process's. Throws HaleError HALE_CONTROL_JOURNAL_FULL when the disk is full: then nothing was written.
   */
  append(records: readonly JournalRecord[], options: { durable: boolean }): number;
  /** Everything after `seq`, oldest first, at most `limit`. */
  read(after: number, limit: number): readonly JournalEntry[];
  /** Stores a snapshot of the brain's state as of `seq`, and forgets what no bound asks to keep. */
  snapshot(seq: number, state: string): void;
  /** The newest snapshot and where it stands; undefined in a new journal. */
  latestSnapshot(): { readonly seq: number; readonly state: string } | undefined;
  close(): void;
}
