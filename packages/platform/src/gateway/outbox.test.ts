// The letter box: nothing leaves within the turn, everything at its end, in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallerResponse } from './caller.ts';
import { createOutbox } from './outbox.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('answers leave at the end of the turn, in order; one posted meanwhile leaves in the next', async () => {
  const outbox = createOutbox();
  const left: string[] = [];
  const answer = (name: string, then?: () => void) => {
    const finish = (trailers: object) => {
      left.push(name + Object.keys(trailers).join());
      then?.();
    };
    return { finish } as unknown as CallerResponse;
  };
  outbox.post(
    answer('first', () => outbox.post(answer('third'), {})),
    {},
  );
  outbox.post(answer('second '), { 'x-sum': '1' });
  assert.deepEqual(left, []);
  await turn();
  assert.deepEqual(left.slice(0, 2), ['first', 'second x-sum']);
  await turn();
  assert.deepEqual(left, ['first', 'second x-sum', 'third']);
});
