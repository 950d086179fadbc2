// The simulated book keeps what a journal promises, and whoever reads along may die of it with the ink still wet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalContract, timePassed } from '@hale/ports/testing';
import { createSimulatedJournal } from './journal.ts';

journalContract('simulated', {
  open() {
    const journal = createSimulatedJournal(() => {});
    return { journal, reopen: () => journal, dispose() {} };
  },
});

test('who dies while writing has written; on a full disk nothing is', () => {
  const heard: number[] = [];
  const journal = createSimulatedJournal((records) => {
    heard.push(records.length);
    throw new Error('killed');
  });
  assert.throws(() => journal.append([timePassed], { durable: true }), /killed/);
  journal.setFull(true);
  assert.throws(() => journal.append([timePassed], { durable: true }), { code: 'HALE_CONTROL_JOURNAL_FULL' });
  assert.throws(() => journal.snapshot(1, '{}'), { code: 'HALE_CONTROL_JOURNAL_FULL' });
  assert.deepEqual([heard, journal.read(0, 10).length], [[1], 1]);
});
