// Who may try again: one purse along a chain, against what it must never do together; and the plain cases one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import type { Refusal } from './carried.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';
import { createRetryPurse, type TryEnd } from './retry-purse.ts';

const rich = () => createRetryBudget({ now: () => 0, reservePerSecond: 1e6 });
const poor = () => createRetryBudget({ now: () => 0, reservePerSecond: 0 });

test('one try: what it costs, and what the answer says upwards', () => {
  interface Case {
    readonly left: number;
    readonly end: TryEnd;
    readonly below?: number;
    readonly refused?: Refusal;
    readonly budget?: RetryBudget;
    readonly plan: string;
    readonly spent: number;
  }
  const cases: Case[] = [
    { left: 3, end: 'ok', below: 1, plan: 'final', spent: 1 },
    { left: 3, end: 'failed', plan: 'retry', spent: 1 },
    { left: 0, end: 'failed', plan: 'purse', spent: 0 },
    // Below has tried in vain: not again from here, nor from above.
    { left: 3, end: 'failed', below: 1, plan: 'purse', spent: 3 },
    { left: 3, end: 'failed', budget: poor(), plan: 'budget', spent: 3 },
    { left: 3, end: 'failed', refused: 'open', plan: 'final', spent: 3 },
    { left: 3, end: 'failed', refused: 'retries', plan: 'final', spent: 3 },
    { left: 3, end: 'failed', refused: 'deadline', plan: 'final', spent: 0 },
    { left: 3, end: 'failed', refused: 'shed', plan: 'retry', spent: 1 },
    // A replica that leaves and a connection that never was multiply nothing.
    { left: 0, end: 'failed', refused: 'draining', plan: 'retry', spent: 0 },
    { left: 0, end: 'unsent', plan: 'retry', spent: 0 },
    { left: 0, end: 'unsent', budget: poor(), plan: 'budget', spent: 0 },
    // A crash most likely spent nothing; who was given up on may be spending still.
    { left: 3, end: 'lost', plan: 'retry', spent: 1 },
    { left: 3, end: 'late', plan: 'retry', spent: 3 },
    { left: 1, end: 'late', plan: 'purse', spent: 1 },
    // An answer that claims more than it was lent.
    { left: 2, end: 'ok', below: 90, plan: 'final', spent: 1 },
  ];
  for (const { left, end, below, refused, budget, plan, spent } of cases) {
    const purse = createRetryPurse(left);
    const lent = purse.lend();
    purse.settle(lent, end, below);
    const name = JSON.stringify({ left, end, below, refused });
    assert.equal(purse.plan(budget ?? rich(), end, refused), plan, name);
    assert.equal(purse.spent, spent, name);
  }
});

test('calls side by side share it: nobody can lend what is lent', () => {
  const purse = createRetryPurse(4);
  const first = purse.lend();
  const second = purse.lend();
  assert.deepEqual([first, second, purse.lend()], [3, 1, 0]);
  purse.settle(first, 'ok', 2);
  assert.deepEqual([purse.left, purse.spent], [1, 2]);
});

test('impossible purses are cut to possible ones', () => {
  assert.deepEqual(
    [-1, 2.9, 1e9, Number.NaN].map((left) => createRetryPurse(left).left),
    [0, 2, 100, 0],
  );
});

test('a tree of calls, each with its own random end, never spends more than it was given', () => {
  const seed = 31;
  const rng = createRng(seed);
  const ends: readonly TryEnd[] = ['ok', 'failed', 'unsent', 'lost', 'failed', 'failed'];
  for (let round = 0; round < 500; round++) {
    const budget = rich();
    let retries = 0;
    /** Gives what its answer says it spent. */
    const serve = (given: number, depth: number): number => {
      const purse = createRetryPurse(given);
      for (let tries = 1; tries <= 4; tries++) {
        const end = ends[rng.below(ends.length)]!;
        const lent = purse.lend();
        const below = end === 'unsent' || depth === 0 ? 0 : serve(lent, depth - 1);
        purse.settle(lent, end, end === 'lost' ? 0 : below);
        if (end === 'lost') retries -= below; // A crash forgets; the twin forgives it that.
        if (purse.plan(budget, end) !== 'retry') break;
        if (end !== 'unsent') retries++;
      }
      return purse.spent;
    };
    const given = rng.below(6);
    const spent = serve(given, 4);
    assert.ok(spent <= given && retries <= given, `seed ${seed} round ${round}: ${retries} of ${given}`);
  }
});
