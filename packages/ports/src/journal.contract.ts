// What every journal must do, whichever shelf it stands on: one body, run over the SQLite file and over its twin in memory.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stamp } from '@hale/base';
import type { CommandId } from '@hale/model';
import type { Journal, JournalRecord } from './journal.ts';

export interface JournalSubject {
  readonly journal: Journal;
  /** Closes it and opens the same book again, as a new process would. */
  reopen(): Journal;
  /** Puts everything away. */
  dispose(): void;
}

export interface JournalBench {
  /** A new, empty journal that keeps about `entriesMax` entries. */
  open(options: { entriesMax: number }): JournalSubject;
}

const at: Stamp = { wall: 1_700_000_000_000, mono: 5, bootId: 'boot' };
export const timePassed: JournalRecord = { kind: 'event', version: 1, event: { kind: 'TimePassed', at } };

export function tellRecord(text: string): JournalRecord {
  const note = { kind: 'info', unit: undefined, replica: undefined, text } as const;
  const head = { id: `c-${text}` as CommandId, epoch: 1, at, deadlineMs: 1000, reason: text, incident: undefined };
  return { kind: 'command', version: 1, command: { ...head, kind: 'Tell', note } };
}

const cheap = { durable: false };
const durable = { durable: true };
const textOf = (record: JournalRecord) => (record.kind === 'command' ? record.command.reason : record.event.kind);

/** Registers the tests of the contract under `name`. */
export function journalContract(name: string, bench: JournalBench): void {
  const check = (title: string, body: (subject: JournalSubject) => void, entriesMax = 10_000) =>
    it(title, () => {
      const subject = bench.open({ entriesMax });
      try {
        body(subject);
      } finally {
        subject.dispose();
      }
    });

  describe(`journal contract: ${name}`, () => {
    check('a new journal is empty', ({ journal }) => {
      assert.deepEqual(journal.read(0, 10), []);
      assert.equal(journal.latestSnapshot(), undefined);
    });

    check('what is appended is read back in order, with growing places', ({ journal }) => {
      assert.equal(journal.append([timePassed, tellRecord('a')], durable), 2);
      assert.equal(journal.append([tellRecord('b')], cheap), 3);
      const entries = journal.read(0, 10);
      assert.deepEqual(
        entries.map((entry) => [entry.seq, textOf(entry.record)]),
        [
          [1, 'TimePassed'],
          [2, 'a'],
          [3, 'b'],
        ],
      );
      assert.deepEqual(JSON.parse(JSON.stringify(entries[0]?.record)), timePassed);
    });

    check('nothing appended gives the last place', ({ journal }) => {
      assert.equal(journal.append([], durable), 0);
      journal.append([timePassed], cheap);
      assert.equal(journal.append([], durable), 1);
    });

    check('read goes on after a place, at most so many', ({ journal }) => {
      for (const text of ['a', 'b', 'c', 'd']) journal.append([tellRecord(text)], cheap);
      assert.deepEqual(
        journal.read(1, 2).map((entry) => textOf(entry.record)),
        ['b', 'c'],
      );
      assert.deepEqual(journal.read(4, 2), []);
    });

    check('the newest snapshot is given', ({ journal }) => {
      journal.append([timePassed, timePassed], cheap);
      journal.snapshot(1, '{"n":1}');
      journal.snapshot(2, '{"n":2}');
      assert.deepEqual(journal.latestSnapshot(), { seq: 2, state: '{"n":2}' });
    });

    check('a new process finds everything, and places go on growing', (subject) => {
      subject.journal.append([tellRecord('a'), tellRecord('b')], durable);
      subject.journal.snapshot(1, '{}');
      const again = subject.reopen();
      assert.equal(again.read(0, 10).length, 2);
      assert.deepEqual(again.latestSnapshot(), { seq: 1, state: '{}' });
      assert.equal(again.append([tellRecord('c')], cheap), 3);
    });

    check(
      'without a snapshot nothing is forgotten, because it would be needed',
      ({ journal }) => {
        for (let i = 0; i < 100; i++) journal.append([timePassed], cheap);
        assert.equal(journal.read(0, 1000).length, 100);
      },
      10,
    );

    check(
      'INV-09: with snapshots it stays near its bound, and keeps all that came after the newest',
      ({ journal }) => {
        let last = 0;
        for (let i = 0; i < 2000; i++) {
          last = journal.append([timePassed], cheap);
          if (i % 50 === 0) journal.snapshot(last, '{}');
        }
        const kept = journal.read(0, 10_000);
        const snapshot = journal.latestSnapshot();
        assert.ok(snapshot !== undefined && kept.length <= 200, `${kept.length} entries kept`);
        assert.equal(kept.at(-1)?.seq, last);
        assert.equal(kept.filter((entry) => entry.seq > snapshot.seq).length, last - snapshot.seq);
      },
      100,
    );
  });
}
