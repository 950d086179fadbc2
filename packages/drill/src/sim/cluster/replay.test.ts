// The recorded series is played in order, round and round, and is worth playing: something in it is late.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedEveryMs, recordedLag } from './recorded-lag.ts';
import { replayRecorded } from './replay.ts';

test('minutes were recorded, of two standbys and three nodes, and none of it is missing', () => {
  assert.ok(recordedLag.length * recordedEveryMs >= 120_000);
  for (const sample of recordedLag) assert.ok(sample.length === 7 && sample.every((ms) => ms >= 0), sample.join());
  for (let place = 0; place < 7; place++)
    assert.ok(recordedLag.filter((sample) => (sample[place] ?? 0) >= 20).length > 20, `column ${place}`);
});

test('the time of the game says where in the series it is', () => {
  const lateness = replayRecorded();
  const [first, second] = recordedLag;
  const roundMs = recordedLag.length * recordedEveryMs;
  assert.equal(lateness.flushMs(1, 0), first?.[1]);
  assert.equal(lateness.flushMs(2, recordedEveryMs), second?.[0]);
  assert.equal(lateness.replayMs(1, roundMs + recordedEveryMs + 1), second?.[3]);
  assert.equal(lateness.answerMs(2, roundMs - 1), recordedLag.at(-1)?.[6]);
});
