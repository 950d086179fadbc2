// The canary of the letter box. The one that this house had at first forgot what it melted: when many letters waited, all observations
// among them were taken out to become one, and that one was lost. Games that do not notice such a box prove nothing about the real one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Inbox, Letter } from '@hale/control/ring';
import { playGame } from './game.ts';

/** From so many letters on the first box melted. */
const meltFrom = 4;

function createLosingInbox(): Inbox {
  let letters: Letter[] = [];
  return {
    get size() {
      return letters.length;
    },
    put(letter) {
      const melts = letter.event.kind === 'Observed' && letters.length >= meltFrom;
      if (melts) letters = letters.filter((one) => one.event.kind !== 'Observed');
      else letters.push(letter);
    },
    putBack: (letter) => void letters.unshift(letter),
    take: () => letters.shift(),
    hasRoom: () => true,
  };
}

test('with a box that loses what it melts, the games find words that nobody heard', () => {
  // With the real one none of them complains: that is game.test.ts.
  const seeds = Array.from({ length: 6 }, (_, n) => 1 + n);
  const isBlamed = (seed: number) =>
    playGame({ seed, newInbox: createLosingInbox }).breaches.some(({ referee }) => referee === 'hearing');
  assert.ok(seeds.some(isBlamed));
});
