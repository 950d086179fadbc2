// Waking up: the newest snapshot, then every event after it folded in. Commands that a past life gave are not given again;
// what became of them is asked of the world. A snapshot of another build that cannot be read is said aloud and left: the
// world is observed anew.
import type { Journal, JournalEntry } from '@hale/ports';
import type { Brain } from '../brain.ts';

export interface Restored<State> {
  readonly state: State;
  /** Place of the last entry of the journal. */
  readonly seq: number;
  readonly replayed: number;
  readonly from: 'nothing' | 'snapshot' | 'unreadable-snapshot';
}

const pageSize = 1000;

export function restore<State>(brain: Brain<State>, journal: Journal): Restored<State> {
  const snapshot = journal.latestSnapshot();
  const kept = snapshot === undefined ? undefined : brain.restoreState(snapshot.state);
  const from = snapshot === undefined ? 'nothing' : kept === undefined ? 'unreadable-snapshot' : 'snapshot';
  let state = kept ?? brain.initialState();
  let seq = snapshot?.seq ?? 0;
  let replayed = 0;
  for (let page = journal.read(seq, pageSize); page.length > 0; page = journal.read(seq, pageSize)) {
    for (const entry of page) state = foldEntry(brain, state, entry);
    seq = page.at(-1)?.seq ?? seq;
    replayed += page.length;
  }
  return { state, seq, replayed, from };
}

export function foldEntry<State>(brain: Brain<State>, state: State, { record }: JournalEntry): State {
  return record.kind === 'event' ? brain.step(state, record.event).state : state;
}
