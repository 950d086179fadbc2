// The SQLite journal keeps the contract; beyond it: a broken file is moved aside aloud, a full disk is an error that loses
// nothing, old handwriting is read, and the file stays small.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, it } from 'node:test';
import { isHaleError } from '@hale/base';
import type { Journal } from '@hale/ports';
import { journalContract, tellRecord, timePassed } from '@hale/ports/testing';
import { openSqliteJournal } from './sqlite.ts';
import { upcast } from './upcasters.ts';

const folders: string[] = [];
const newFile = () => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-journal-'));
  folders.push(folder);
  return join(folder, 'journal.db');
};
const putAway = () => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};
const silent = () => assert.fail('nothing was broken');

journalContract('sqlite', {
  open({ entriesMax }) {
    const file = newFile();
    const open = () => openSqliteJournal({ file, wallMs: 0, entriesMax, onBroken: silent });
    let journal: Journal = open();
    return {
      journal,
      reopen() {
        journal.close();
        journal = open();
        return journal;
      },
      dispose() {
        journal.close();
        putAway();
      },
    };
  },
});

describe('sqlite journal', () => {
  afterEach(putAway);

  it('a broken file is moved aside, named, and a new journal begun', () => {
    const file = newFile();
    writeFileSync(file, 'this is no database, and it is long enough to be looked at as one'.repeat(100));
    const notices: { movedTo: string; reason: string }[] = [];
    const journal = openSqliteJournal({ file, wallMs: 0, onBroken: (notice) => notices.push(notice) });
    assert.equal(journal.append([timePassed], { durable: true }), 1);
    journal.close();
    assert.equal(notices.length, 1);
    assert.match(notices[0]?.movedTo ?? '', /journal\.db\.broken-1970-01-01/);
    assert.ok(readdirSync(join(file, '..')).includes('journal.db.broken-1970-01-01T00-00-00-000Z'));
  });

  it('a new journal has pages set aside on the disk, for when that is full, and does so once', () => {
    const file = newFile();
    const sizes = [1, 2].map(() => {
      const journal = openSqliteJournal({ file, wallMs: 0, onBroken: silent });
      journal.close();
      const database = new DatabaseSync(file);
      const { freelist_count: free } = database.prepare('PRAGMA freelist_count').get() as { freelist_count: number };
      const { left } = database.prepare("SELECT count(*) AS left FROM sqlite_schema WHERE name = 'reserve'").get() as {
        left: number;
      };
      database.close();
      assert.deepEqual([free >= 512, left], [true, 0]);
      const { size, blocks } = statSync(file);
      assert.ok(blocks * 512 >= 512 * 4096, 'counted, and not on the disk');
      return size;
    });
    assert.equal(sizes[0], sizes[1]);
  });

  it('a full disk writes nothing of an append, says so, and what was there stays readable', () => {
    const file = newFile();
    const filler = tellRecord('x'.repeat(3000));
    const journal = openSqliteJournal({ file, wallMs: 0, onBroken: silent, pagesMax: 60 });
    let written = 0;
    assert.throws(
      () => {
        for (let i = 0; i < 1000; i++) written = journal.append([filler, filler], { durable: true });
      },
      (error) => isHaleError(error) && error.code === 'HALE_CONTROL_JOURNAL_FULL' && error.retriable,
    );
    assert.equal(journal.read(0, 10_000).length, written);
    journal.close();
  });

  it('on a full disk it makes room by forgetting what no snapshot needs any more', () => {
    const file = newFile();
    const journal = openSqliteJournal({ file, wallMs: 0, onBroken: silent, pagesMax: 200 });
    const filler = tellRecord('x'.repeat(3000));
    for (let i = 0; i < 500; i++) journal.snapshot(journal.append([filler], { durable: false }), '{}');
    assert.ok(journal.read(0, 10_000).length < 200);
    journal.close();
  });

  it('INV-09: the file stays bounded whatever goes through it', () => {
    const file = newFile();
    const journal = openSqliteJournal({ file, wallMs: 0, onBroken: silent, bytesMax: 1e6 });
    const filler = tellRecord('y'.repeat(20_000));
    for (let i = 0; i < 600; i++) {
      const seq = journal.append([filler], { durable: false });
      if (i % 10 === 0) journal.snapshot(seq, 'z'.repeat(10_000));
    }
    journal.close();
    assert.ok(statSync(file).size < 8e6, `${statSync(file).size} bytes`);
  });

  it('a record of the future is refused with the way out, not guessed', () => {
    const file = newFile();
    openSqliteJournal({ file, wallMs: 0, onBroken: silent }).close();
    const raw = new DatabaseSync(file);
    raw.exec(`INSERT INTO entries (kind, version, name, bytes, body) VALUES ('event', 99, 'X', 2, '{}')`);
    raw.close();
    const journal = openSqliteJournal({ file, wallMs: 0, onBroken: silent });
    assert.throws(() => journal.read(0, 1), /version 99/);
    journal.close();
  });
});

it('old records are lifted one version at a time', () => {
  const table = {
    version: 3,
    upcasters: {
      1: (stored: { kind: 'event' | 'command'; body: object }) => ({ ...stored, body: { ...stored.body, b: 1 } }),
      2: (stored: { kind: 'event' | 'command'; body: object }) => ({ ...stored, body: { ...stored.body, c: 2 } }),
    },
  };
  assert.deepEqual(upcast({ kind: 'event', body: { a: 0 } }, 1, table), {
    kind: 'event',
    version: 3,
    event: { a: 0, b: 1, c: 2 },
  });
  assert.throws(() => upcast({ kind: 'event', body: {} }, 0, table), /no upcaster from version 0/);
});
