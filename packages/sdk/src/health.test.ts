// The doctor's questions: what passes, what fails and with which words; many askers share one run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { type Check, createCheckList } from './health.ts';

const cases: { name: string; check: Check; says: string }[] = [
  { name: 'nothing said is fine', check: () => undefined, says: 'ok' },
  { name: 'true', check: async () => true, says: 'ok' },
  { name: 'false', check: () => false, says: 'not ready' },
  { name: 'a reason', check: () => 'cache is cold', says: 'cache is cold' },
  {
    name: 'a throw',
    check: () => {
      throw new Error('no disk');
    },
    says: 'no disk',
  },
  { name: 'a rejection', check: () => Promise.reject(new Error('gone')), says: 'gone' },
];
for (const { name, check, says } of cases) {
  test(`a check: ${name}`, async () => {
    const list = createCheckList(createVirtualClock(), 1000);
    list.add('it', check);
    assert.deepEqual(await list.run(), { ok: says === 'ok', checks: { it: says } });
  });
}

test('a check that never answers fails in time, and askers share one run', async () => {
  const clock = createVirtualClock();
  const list = createCheckList(clock, 1000);
  let runs = 0;
  list.add('stuck', () => {
    runs++;
    return new Promise<boolean>(() => {});
  });
  const both = Promise.all([list.run(), list.run()]);
  clock.advance(1000);
  const [first, second] = await both;
  assert.deepEqual(first, { ok: false, checks: { stuck: 'no answer within 1000 ms' } });
  assert.equal(second, first);
  assert.equal(runs, 1);
});
