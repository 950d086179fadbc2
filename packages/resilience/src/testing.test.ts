// The example of the README, which is a promise: users' tests with virtual time and seeded dice; the same seed gives the same story.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policy } from './policy/policy.ts';
import { createDice, createVirtualTime } from './testing.ts';

async function story(seed: number) {
  const time = createVirtualTime();
  const orders = policy({ retry: {} }, { clock: time.clock, unit: createDice(seed).unit });
  let tries = 0;
  const flaky = async () => {
    if (++tries < 3) throw new Error('not yet');
    return 'done';
  };
  return [await time.settled(orders.execute(flaky)), time.nowMs] as const;
}

test('the README example: seconds of backoff take no time, and the same seed tells the same story', async () => {
  const [answer, tookMs] = await story(7);
  assert.equal(answer, 'done');
  assert.ok(tookMs >= 256);
  assert.deepEqual(await story(7), [answer, tookMs]);
  assert.notDeepEqual(await story(8), [answer, tookMs]);
});

test('a promise that nothing can settle is said so, instead of hanging the test', async () => {
  const time = createVirtualTime();
  await assert.rejects(time.settled(new Promise(() => {})), /not settled within/);
});
