// Fifty fates in every check: no referee may complain; and the same seed is the same game, to the last command.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playGame } from './game.ts';

test('fifty seeds without a breach', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { breaches } = playGame({ seed });
    assert.deepEqual(breaches, [], `npm run sim -- --seed ${seed} --trace`);
  }
});

test('equal seeds give equal traces, different ones do not', () => {
  const first = playGame({ seed: 12 });
  assert.equal(playGame({ seed: 12 }).traceHash, first.traceHash);
  assert.notEqual(playGame({ seed: 13 }).traceHash, first.traceHash);
});
