// The diary: what is due next, and when, in every state that the store and the failures can be in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Known, nextTask, noTries, type Task, type Tries } from './agenda.ts';

const hour = 3_600_000;
const plan = { everyMs: 24 * hour, proveMs: 168 * hour };
const since = 1_000 * hour;

function check(
  of: Partial<Known>,
  expected: readonly [Task['kind'], number],
  more: { tries?: Partial<Record<Task['kind'], Tries>>; lot?: number } = {},
) {
  const known: Known = { since, lastBackup: undefined, lastProof: undefined, hole: false, failedProofs: 0, ...of };
  const tries = { backup: noTries, proof: noTries, ...more.tries };
  const { kind, dueAt } = nextTask(plan, known, { tries, lot: more.lot ?? 0 });
  assert.deepEqual([kind, (dueAt - since) / hour], expected, JSON.stringify([of, more]));
}

const backup = (id: string, hours: number) => ({ id, at: since + hours * hour });
const proof = (id: string, hours: number, ok = true) => ({
  backup: id,
  at: since + hours * hour,
  ok,
  problem: '',
  rtoMs: 1,
});

test('the first soon, then each in its time; a proof when there is something to prove', () => {
  check({}, ['backup', 0]);
  check({}, ['backup', 10 / 3_600], { lot: 1 });
  check({ lastBackup: backup('a', 1) }, ['proof', 1]);
  check({ lastBackup: backup('a', 1), lastProof: proof('a', 2) }, ['backup', 25]);
  check({ lastBackup: backup('a', 1), lastProof: proof('a', 2) }, ['backup', 26.2], { lot: 1 });
  check({ lastBackup: backup('b', 160), lastProof: proof('a', 2) }, ['proof', 170]);
  check({ lastBackup: backup('b', 100), lastProof: proof('a', 2) }, ['backup', 124]);
});

test('a hole in the log is closed at once; what a proof found damaged is stored anew once, and proven again', () => {
  check({ lastBackup: backup('a', 1), lastProof: proof('a', 2), hole: true }, ['backup', 1]);
  check({ lastBackup: backup('a', 1), lastProof: proof('a', 2, false), failedProofs: 1 }, ['backup', 2]);
  check({ lastBackup: backup('b', 3), lastProof: proof('a', 2, false), failedProofs: 1 }, ['proof', 3]);
  // It did not help: from then on in an hour, not at once.
  check({ lastBackup: backup('b', 3), lastProof: proof('b', 4, false), failedProofs: 2 }, ['proof', 5]);
});

test('after failures later and later, and never later than its own time or a quarter of an hour', () => {
  const failed = (failures: number): Tries => ({ failures, endedAt: since });
  for (const [failures, seconds] of [
    [1, 0.5],
    [2, 1],
    [5, 8],
    [30, 450],
  ] as const)
    check({}, ['backup', seconds / 3_600], { tries: { backup: failed(failures) } });
  check({}, ['backup', 900 / 3_600], { tries: { backup: failed(30) }, lot: 1 });
});
