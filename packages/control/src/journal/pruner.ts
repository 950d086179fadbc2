// The journal's gardener: cuts the old end, a handful of entries at a time, so that no append ever waits for a great
// clearing. It never cuts what came after the newest snapshot, because that is needed to come back (INV-09).
import type { DatabaseSync } from 'node:sqlite';
import { isFull } from './database.ts';

export interface Pruner {
  /** So much was appended: cuts a little when a bound is passed. */
  added(entries: number, bytes: number): void;
  snapshotAt(seq: number): void;
  /** The disk is full: frees pages inside the file, and begins the write-ahead log anew. */
  makeRoom(): void;
}

const entriesAStep = 200;
/** Free pages (4 kB each) that stay in the file: what is written with when the disk is full. */
const pagesKept = 512;
const pagesAStep = 64;

/** A young file has nothing to give back yet: the pages that stay in it are made in advance. Where there is no room for them it does without. */
export function reservePages(database: DatabaseSync): void {
  try {
    const { freelist_count: free } = database.prepare('PRAGMA freelist_count').get() as { freelist_count: number };
    if (free >= pagesKept) return;
    database.exec(
      `CREATE TABLE IF NOT EXISTS reserve (filler BLOB); INSERT INTO reserve VALUES (zeroblob(${pagesKept * 4096}))`,
    );
    // Without this they would only be counted, and the disk would not have set them aside.
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    database.exec('DROP TABLE reserve');
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

export function createPruner(
  database: DatabaseSync,
  bounds: { readonly entriesMax?: number; readonly bytesMax?: number },
): Pruner {
  const { entriesMax = 50_000, bytesMax = 64e6 } = bounds;
  const count = database.prepare('SELECT count(*) AS entries, coalesce(sum(bytes), 0) AS bytes FROM entries');
  const oldest = database.prepare('SELECT seq, bytes FROM entries WHERE seq <= ? ORDER BY seq LIMIT ?');
  const cut = database.prepare('DELETE FROM entries WHERE seq <= ?');
  const freePages = database.prepare('PRAGMA freelist_count');
  const kept = count.get() as { entries: number; bytes: number };
  let snapshotSeq =
    (database.prepare('SELECT max(seq) AS seq FROM snapshots').get() as { seq: number | null }).seq ?? 0;

  /** Cuts up to `atMost` of the oldest entries that are not needed any more; gives how many. */
  const cutOldest = (atMost: number): number => {
    const rows = oldest.all(snapshotSeq, atMost) as { seq: number; bytes: number }[];
    const last = rows.at(-1);
    if (last === undefined) return 0;
    cut.run(last.seq);
    kept.entries -= rows.length;
    kept.bytes -= rows.reduce((sum, row) => sum + row.bytes, 0);
    return rows.length;
  };
  const giveBack = () => {
    const { freelist_count: free } = freePages.get() as { freelist_count: number };
    if (free > pagesKept + pagesAStep) database.exec(`PRAGMA incremental_vacuum(${pagesAStep})`);
  };

  return {
    added(entries, bytes) {
      kept.entries += entries;
      kept.bytes += bytes;
      const over = Math.max(kept.entries - entriesMax, kept.bytes > bytesMax ? entriesAStep : 0);
      if (over <= 0) return;
      // Twice what came in, so that it catches up; a few at least, so that it is worth a transaction.
      if (cutOldest(Math.min(entriesAStep, Math.max(over, 2 * entries))) > 0) giveBack();
    },
    snapshotAt(seq) {
      snapshotSeq = seq;
    },
    makeRoom() {
      database.exec('PRAGMA wal_checkpoint(RESTART)');
      cutOldest(10 * entriesAStep);
    },
  };
}
