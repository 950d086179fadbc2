// Opens a SQLite file the way Hale keeps books: write-ahead log, one writer that waits rather than fails, pages that can be
// given back. A file that is no longer a database is moved aside under a name that says when, and a new one is begun:
// the world is observed anew. That is told to whoever opens it; it never happens silently.
import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface DatabaseOptions {
  readonly file: string;
  /** Creates what is missing; must be repeatable. */
  readonly schema: string;
  /** Unix ms, for the name under which a broken file is kept. */
  readonly wallMs: number;
  /** Told once when a broken file was moved aside, and where it lies now. */
  readonly onBroken: (notice: { readonly file: string; readonly movedTo: string; readonly reason: string }) => void;
}

const notADatabase = 26;
const corrupt = 11;

export function openDatabase(options: DatabaseOptions): DatabaseSync {
  try {
    return open(options);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    const movedTo = `${options.file}.broken-${new Date(options.wallMs).toISOString().replace(/[:.]/g, '-')}`;
    for (const ending of ['', '-wal', '-shm']) {
      if (existsSync(options.file + ending)) renameSync(options.file + ending, movedTo + ending);
    }
    options.onBroken({ file: options.file, movedTo, reason: (error as Error).message });
    return open(options);
  }
}

function open({ file, schema }: DatabaseOptions): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    // The page cache's default of 2 MB would be paid by every process that holds a journal open.
    database.exec('PRAGMA cache_size = -512; PRAGMA journal_size_limit = 8388608');
    database.exec(schema);
    const check = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (check.quick_check !== 'ok') throw Object.assign(new Error(check.quick_check), { errcode: corrupt });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function isCorruption(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === notADatabase || code === corrupt;
}

/** The disk (or a quota) is full: SQLITE_FULL, or an I/O error that says so. */
export function isFull(error: unknown): boolean {
  const full = 13;
  return sqliteCode(error) === full || /disk is full|no space left/i.test((error as Error).message ?? '');
}

/** Primary result code of an error of node:sqlite. */
function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}
