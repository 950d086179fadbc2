// The budget in its plain cases, and against a twin that keeps every coin on a list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock, tries } from '@hale/base/testing';
import fc from 'fast-check';
import { createRetryBudget } from './retry-budget.ts';

test('reserve: ten a second over the ten seconds, however fast they fail', () => {
  const clock = createVirtualClock();
  const budget = createRetryBudget({ now: clock.mono });
  let paid = 0;
  while (budget.withdraw()) paid++;
  assert.equal(paid, 100);
  assert.equal(budget.underWay, 100);
  for (let i = 0; i < 100; i++) budget.settled();
  assert.equal(budget.withdraw(), false, 'that they are over gives nothing back');
});

test('a fifth of the successes may be tried again, and successes grow stale', () => {
  const clock = createVirtualClock();
  const budget = createRetryBudget({ now: clock.mono, reservePerSecond: 0 });
  for (let i = 0; i < 100; i++) budget.deposit();
  assert.equal(budget.balance(), 20);
  clock.advance(10_000);
  assert.equal(budget.balance(), 0);
  assert.equal(budget.withdraw(), false);
});

test('an hour of silence leaves neither debt nor wealth', () => {
  const clock = createVirtualClock();
  const budget = createRetryBudget({ now: clock.mono });
  while (budget.withdraw());
  clock.advance(3_600_000);
  assert.equal(budget.balance(), 100);
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('deposit' as const), n: fc.nat(30) }),
  fc.record({ kind: fc.constant('withdraw' as const), n: fc.nat(30) }),
  fc.record({ kind: fc.constant('settled' as const), n: fc.nat(10) }),
  fc.record({ kind: fc.constant('wait' as const), n: fc.nat(12_000) }),
);

test('against a twin that keeps every coin', () => {
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const clock = createVirtualClock();
    const budget = createRetryBudget({ now: clock.mono, reservePerSecond: 1, ratio: 0.5 });
    const coins: { slice: number; worth: number }[] = [];
    let underWay = 0;
    const slice = () => Math.floor(clock.mono() / 1000);
    const sum = (of: readonly { worth: number }[]) => of.reduce((total, coin) => total + coin.worth, 0);
    const worth = () => {
      const earned = sum(coins.filter((coin) => coin.worth > 0 && coin.slice > slice() - 10));
      return Math.max(10, earned) + sum(coins.filter((coin) => coin.worth < 0 && coin.slice > slice() - 11));
    };
    for (const { kind, n } of steps) {
      if (kind === 'wait') clock.advance(n);
      for (let i = 0; i < n && kind !== 'wait'; i++) {
        if (kind === 'deposit') {
          budget.deposit();
          coins.push({ slice: slice(), worth: 0.5 });
        } else if (kind === 'withdraw') {
          const expected = worth() >= 1;
          assert.equal(budget.withdraw(), expected);
          if (!expected) continue;
          coins.push({ slice: slice(), worth: -1 });
          underWay++;
        } else if (underWay > 0) {
          budget.settled();
          underWay--;
        }
      }
      assert.equal(budget.balance(), Math.max(0, worth()));
    }
  });
  fc.assert(property, { seed: 21, numRuns: tries(100, 1_000) });
});
