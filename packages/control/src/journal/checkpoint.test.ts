// A journal that is carried out and begun again elsewhere folds to the same state, and goes on from there.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { SystemView } from '@hale/model';
import { tellRecord, timePassed } from '@hale/ports/testing';
import type { Brain } from '../brain.ts';
import { restore } from '../loop/restore.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { openSqliteJournal } from './sqlite.ts';

const folder = mkdtempSync(join(tmpdir(), 'hale-checkpoint-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Counts events. */
const brain: Brain<{ n: number }> = {
  initialState: () => ({ n: 0 }),
  step: ({ n }) => ({ state: { n: n + 1 }, commands: [] }),
  viewOf: () => ({}) as SystemView,
  restoreState: (json) => JSON.parse(json) as { n: number },
};
const open = (file: string) => openSqliteJournal({ file, wallMs: 0, onBroken: () => assert.fail('it was whole') });

test('what followed the newest snapshot is folded in, and a new journal goes on from there', () => {
  assert.equal(readCheckpoint(join(folder, 'none.db'), brain), undefined);
  const old = open(join(folder, 'old.db'));
  for (let i = 0; i < 5; i++) old.append([timePassed, tellRecord(`line ${i}`)], { durable: false });
  old.snapshot(10, JSON.stringify({ n: 5 }));
  old.append([timePassed], { durable: true });
  // The control room is still at work.
  const checkpoint = readCheckpoint(join(folder, 'old.db'), brain);
  assert.equal(checkpoint?.seq, 11);
  assert.deepEqual(JSON.parse(checkpoint?.state ?? ''), { n: 6 });
  assert.equal(checkpoint?.story.length, 5);
  old.close();

  writeCheckpoint(join(folder, 'new.db'), checkpoint?.state ?? '', 0);
  const fresh = open(join(folder, 'new.db'));
  fresh.append([timePassed], { durable: true });
  assert.deepEqual(restore(brain, fresh).state, { n: 7 });
  fresh.close();
});
