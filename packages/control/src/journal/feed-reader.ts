// Reads the story out of the journal, by a read-only connection of its own, so that a hungry reader never holds up the
// writer. A line of the feed is a Tell, or a page to a person; `seq` is its place in the journal.
import { DatabaseSync } from 'node:sqlite';
import type { Command, FeedLine } from '@hale/model';
import type { JournalEntry } from '@hale/ports';
import { toldNames } from './schema.ts';
import { toEntry } from './sqlite.ts';

export interface FeedReader {
  /** Lines after `seq`, oldest first; without `seq` the newest ones. */
  lines(seq: number | undefined, limit: number): readonly FeedLine[];
  /** Everything after `seq`, oldest first. */
  entries(seq: number, limit: number): readonly JournalEntry[];
  close(): void;
}

interface Row {
  readonly seq: number;
  readonly kind: 'event' | 'command';
  readonly version: number;
  readonly body: string;
}

export function openFeedReader(file: string): FeedReader {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
  database.exec('PRAGMA cache_size = -256');
  const columns = 'seq, kind, version, body';
  const after = database.prepare(`SELECT ${columns} FROM entries WHERE ${toldNames} AND seq > ? ORDER BY seq LIMIT ?`);
  const newest = database.prepare(`SELECT ${columns} FROM entries WHERE ${toldNames} ORDER BY seq DESC LIMIT ?`);
  const all = database.prepare(`SELECT ${columns} FROM entries WHERE seq > ? ORDER BY seq LIMIT ?`);
  const toEntries = (rows: unknown) => (rows as Row[]).map(toEntry);
  return {
    lines(seq, limit) {
      const entries = toEntries(seq === undefined ? newest.all(limit).reverse() : after.all(seq, limit));
      return entries.flatMap((entry) =>
        entry.record.kind === 'command' ? lineOf(entry.seq, entry.record.command) : [],
      );
    },
    entries: (seq, limit) => toEntries(all.all(seq, limit)),
    close: () => database.close(),
  };
}

/** The line that a command tells; none for those that only act. */
export function lineOf(seq: number, command: Command): FeedLine[] {
  const { at, incident } = command;
  if (command.kind === 'Tell') return [{ seq, at, incident, ...command.note }];
  if (command.kind !== 'PagePerson') return [];
  const text = `a person is needed: ${command.title}`;
  return [{ seq, at, incident, kind: 'escalated', unit: undefined, replica: undefined, text }];
}
