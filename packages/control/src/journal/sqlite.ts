// The journal of a host: an SQLite file. One transaction an append; what is acted on is fsynced before it is done (INV-02),
// what was merely seen is written cheaply. It forgets from the old end in small steps, never what came after the newest
// snapshot, and keeps enough free pages inside the file that there is something to write with when the disk is full.
// Feed and API read the same file by connections of their own: feed-reader.ts.
import type { DatabaseSync } from 'node:sqlite';
import type { Journal, JournalEntry, JournalRecord } from '@hale/ports';
import { controlError } from '../errors.ts';
import { isFull, openDatabase } from './database.ts';
import { createPruner, reservePages } from './pruner.ts';
import { schema } from './schema.ts';
import { upcast } from './upcasters.ts';

export interface SqliteJournalOptions {
  readonly file: string;
  readonly wallMs: number;
  /** Entries kept, newest first (default 50,000). */
  readonly entriesMax?: number;
  /** Bytes of records kept (default 64 MB); whichever bound is met first. */
  readonly bytesMax?: number;
  /** Pages (4 kB) that the file may grow to; beyond them it behaves as on a full disk. Default: the disk decides. */
  readonly pagesMax?: number;
  /** Told when a broken file was moved aside and a new journal begun. */
  readonly onBroken: (notice: { readonly file: string; readonly movedTo: string; readonly reason: string }) => void;
}

const snapshotsKept = 2;

/** Opens (or begins) the journal in `file`. Throws HALE_CONTROL_JOURNAL_FULL and HALE_CONTROL_JOURNAL_FAILED. */
export function openSqliteJournal(options: SqliteJournalOptions): Journal {
  const database = guard(() => openDatabase({ ...options, schema }));
  if (options.pagesMax !== undefined) database.exec(`PRAGMA max_page_count = ${options.pagesMax}`);
  else guard(() => reservePages(database));
  const pruner = createPruner(database, options);
  const write = createWriter(database);
  const newestSnapshot = database.prepare('SELECT seq, state FROM snapshots ORDER BY seq DESC LIMIT 1');
  const readAfter = database.prepare('SELECT seq, kind, version, body FROM entries WHERE seq > ? ORDER BY seq LIMIT ?');
  const dropOldSnapshots = database.prepare(
    `DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ${snapshotsKept})`,
  );
  const putSnapshot = database.prepare('INSERT OR REPLACE INTO snapshots (seq, state) VALUES (?, ?)');

  /** Does `work`; on a full disk makes room inside the file and tries once more. */
  const withRoom = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (!isFull(error)) throw error;
      pruner.makeRoom();
      return work();
    }
  };

  return {
    append(records, { durable }) {
      return guard(() => {
        const { lastSeq, bytes } = withRoom(() => write(records, durable));
        pruner.added(records.length, bytes);
        return lastSeq;
      });
    },
    read: (after, limit) => guard(() => readAfter.all(after, limit).map((row) => toEntry(row as unknown as EntryRow))),
    snapshot(seq, state) {
      guard(() =>
        withRoom(() =>
          inTransaction(database, true, () => {
            putSnapshot.run(seq, state);
            dropOldSnapshots.run();
          }),
        ),
      );
      pruner.snapshotAt(seq);
    },
    latestSnapshot: () =>
      guard(() => {
        const row = newestSnapshot.get() as { seq: number; state: string } | undefined;
        return row === undefined ? undefined : { seq: row.seq, state: row.state };
      }),
    close: () => database.close(),
  };
}

type Write = (records: readonly JournalRecord[], durable: boolean) => { lastSeq: number; bytes: number };

function createWriter(database: DatabaseSync): Write {
  const insert = database.prepare(
    'INSERT INTO entries (seq, kind, version, name, bytes, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const last = database.prepare("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'entries'), 0) AS seq");
  let lastSeq = (last.get() as { seq: number }).seq;
  return (records, durable) => {
    if (records.length === 0) return { lastSeq, bytes: 0 };
    let seq = lastSeq;
    let bytes = 0;
    inTransaction(database, durable, () => {
      for (const record of records) {
        const content = record.kind === 'event' ? record.event : record.command;
        const body = JSON.stringify(content);
        insert.run(++seq, record.kind, record.version, content.kind, body.length, body);
        bytes += body.length;
      }
    });
    lastSeq = seq;
    return { lastSeq, bytes };
  };
}

/** In WAL mode FULL fsyncs the log at each commit and NORMAL only at checkpoints: the power may take the last seconds, a crash nothing. */
function inTransaction(database: DatabaseSync, durable: boolean, work: () => void): void {
  database.exec(
    durable ? 'PRAGMA synchronous = FULL; BEGIN IMMEDIATE' : 'PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE',
  );
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

export interface EntryRow {
  readonly seq: number;
  readonly kind: 'event' | 'command';
  readonly version: number;
  readonly body: string;
}

/** A row as an entry in today's shapes. */
export function toEntry(row: EntryRow): JournalEntry {
  const body = JSON.parse(row.body) as Record<string, unknown>;
  return { seq: row.seq, record: upcast({ kind: row.kind, body }, row.version) };
}

function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isFull(error)) {
      const extras = { cause: error, retriable: true };
      throw controlError('HALE_CONTROL_JOURNAL_FULL', 'the disk is full: nothing can be written down', extras);
    }
    if ((error as { code?: unknown }).code !== 'ERR_SQLITE_ERROR') throw error;
    throw controlError('HALE_CONTROL_JOURNAL_FAILED', `the journal: ${(error as Error).message}`, { cause: error });
  }
}
