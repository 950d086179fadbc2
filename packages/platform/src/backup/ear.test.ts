// Who is silent, and who only was not listened to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { createEar } from './ear.ts';

function open() {
  const clock = createVirtualClock();
  const said: string[] = [];
  const hand = { isListening: true };
  const ear = createEar({
    ...{ clock, everyMs: 1_000, silentMs: 15_000 },
    isListening: () => hand.isListening,
    onSilence: ({ message }) => said.push(message),
  });
  /** So many seconds, asking in each. */
  const ask = (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000);
      ear.asked();
    }
  };
  return { ask, clock, ear, hand, said };
}

test('who says nothing for as long is gone; any word will do', () => {
  const { ask, ear, said } = open();
  ask(14);
  ear.heard();
  ask(14);
  assert.deepEqual(said, []);
  ask(1);
  assert.deepEqual(said, ['nothing was heard for 15000 ms']);
});

test('while we do not listen, or stood still ourselves, nobody is silent', () => {
  const { ask, clock, ear, hand, said } = open();
  hand.isListening = false;
  ask(60);
  hand.isListening = true;
  ask(14);
  assert.deepEqual(said, []);
  clock.advance(60_000);
  ear.asked();
  ask(14);
  assert.deepEqual(said, []);
  ask(1);
  assert.equal(said.length, 1);
});
