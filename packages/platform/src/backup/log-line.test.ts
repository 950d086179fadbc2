// The ear: order is kept while somebody has no room, nothing is settled that was not taken, and a reader that fails is asked no more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createListener } from './log-line.ts';

function open({ room }: { room: number }) {
  const heard: string[] = [];
  const desk = { room };
  const faucet = { pause: () => void heard.push('pause'), resume: () => void heard.push('resume') };
  const line = createListener(faucet, {
    take(message) {
      if (message.toString() === 'bad') throw new Error('the disk is full');
      if (desk.room === 0) return false;
      desk.room--;
      heard.push(message.toString());
      return true;
    },
    settle: () => void heard.push('settle'),
  });
  const say = (...words: string[]) => {
    // One buffer for all of them, as the driver has it.
    const shared = Buffer.alloc(8);
    for (const word of words) {
      shared.fill(0).write(word);
      line.message(shared.subarray(0, word.length));
    }
    line.breath();
  };
  return { heard, desk, line, say };
}

test('what comes at once is settled once; who has no room gets the rest later, in order', async () => {
  const { heard, desk, line, say } = open({ room: 3 });
  say('a', 'b');
  say('c', 'd', 'e');
  assert.deepEqual(heard, ['a', 'b', 'settle', 'c', 'pause', 'pause', 'settle']);
  heard.length = 0;
  desk.room = 1;
  line.goOn();
  assert.deepEqual(heard, ['d', 'settle'], 'still too little room: the line stays closed');
  desk.room = 5;
  say('f');
  line.goOn();
  assert.deepEqual(heard.slice(2), ['pause', 'settle', 'e', 'f', 'settle', 'resume'], 'nobody jumps the queue');
  line.finish();
  await line.ended;
});

test('a reader that fails is asked for nothing more, and the line ends with what it said', async () => {
  const { heard, line, say } = open({ room: 9 });
  say('a', 'bad', 'b');
  line.goOn();
  line.finish();
  assert.deepEqual(heard, ['a'], 'what could not be taken is not settled');
  await assert.rejects(line.ended, /the disk is full/);
});
