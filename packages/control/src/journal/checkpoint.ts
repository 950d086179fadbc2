// A journal in one piece, to be carried out of a burning house: the state that all its entries fold to, and the last lines of its
// story. Written into an empty place it is a journal again, which begins where the old one ended. It reads by connections that
// cannot write, so the control room may be at work meanwhile.
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { FeedLine } from '@hale/model';
import type { Brain } from '../brain.ts';
import { foldEntry } from '../loop/restore.ts';
import { lineOf } from './feed-reader.ts';
import { toldNames } from './schema.ts';
import { type EntryRow, openSqliteJournal, toEntry } from './sqlite.ts';

export interface Checkpoint {
  /** The place in the journal that `state` stands at. */
  readonly seq: number;
  /** The brain's state as text: its incidents and their outcomes are in it. */
  readonly state: string;
  readonly story: readonly FeedLine[];
}

const storyLines = 500;
const columns = 'seq, kind, version, body';

/** Undefined where there is no journal. A snapshot of another build is passed over, as at a start. */
export function readCheckpoint<State>(file: string, brain: Brain<State>): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
  try {
    // One view of everything: what follows the snapshot may be cut off as soon as there is a newer one.
    database.exec('BEGIN');
    const told = database.prepare(`SELECT ${columns} FROM entries WHERE ${toldNames} ORDER BY seq DESC LIMIT ?`);
    const story = (told.all(storyLines) as unknown as EntryRow[])
      .reverse()
      .map(toEntry)
      .flatMap(({ seq, record }) => (record.kind === 'command' ? lineOf(seq, record.command) : []));
    return { ...fold(database, brain), story };
  } finally {
    database.close();
  }
}

function fold<State>(database: DatabaseSync, brain: Brain<State>): Omit<Checkpoint, 'story'> {
  const newest = database.prepare('SELECT seq, state FROM snapshots ORDER BY seq DESC LIMIT 1').get();
  const snapshot = newest as { seq: number; state: string } | undefined;
  let state = (snapshot && brain.restoreState(snapshot.state)) ?? brain.initialState();
  let seq = snapshot?.seq ?? 0;
  const after = database.prepare(`SELECT ${columns} FROM entries WHERE seq > ? ORDER BY seq`);
  for (const row of after.iterate(seq)) {
    const entry = toEntry(row as unknown as EntryRow);
    state = foldEntry(brain, state, entry);
    seq = entry.seq;
  }
  return { seq, state: JSON.stringify(state) };
}

/** Begins a journal with that state in `file`, where there is none. Its places count from the beginning again. */
export function writeCheckpoint(file: string, state: string, wallMs: number): void {
  const journal = openSqliteJournal({ file, wallMs, onBroken: () => {} });
  try {
    journal.snapshot(0, state);
  } finally {
    journal.close();
  }
}
