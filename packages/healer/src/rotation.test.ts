// A table that was not written is published again: nothing else may change for hours, and routers would go by the old one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '@hale/model';
import { bringUp, buildUnit, createBench } from './testing.ts';

const failed: CommandResult = { kind: 'failed', code: 'X', message: 'no space left', hint: 'free disk' };

test('a table that was not written is published again and again, said once, until it is', () => {
  const bench = createBench([buildUnit({ name: 'orders' })]);
  bringUp(bench);
  const all = () => bench.all('PublishEndpoints');
  const answer = (result: CommandResult, at = -1) => {
    const command = all().at(at);
    assert.ok(command);
    bench.feed({ kind: 'CommandFinished', command: command.id, result }, 10);
  };
  const before = all().length;
  for (const result of [failed, { kind: 'timeout' }, failed] as const) {
    answer(result);
    bench.feed({ kind: 'TimePassed' }, 2_000);
  }
  assert.equal(all().length, before + 3);
  const [first, last] = [all().at(before - 1)?.table, all().at(-1)?.table];
  assert.deepEqual([last?.endpoints, last?.seq], [first?.endpoints, (first?.seq ?? 0) + 3]);
  assert.deepEqual(bench.told('info').filter((text) => text.includes('could not be written')).length, 1);
  answer({ kind: 'done' });
  bench.feed({ kind: 'TimePassed' }, 60_000);
  // What becomes of one that another has followed is of no concern.
  answer(failed, -2);
  bench.feed({ kind: 'TimePassed' }, 60_000);
  assert.equal(all().length, before + 3);
});
