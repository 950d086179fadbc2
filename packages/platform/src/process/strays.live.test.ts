// Whose runaway it is: known by its life and its system, because a copy of a system remembers the lives of its original.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { findStrays, killStrays } from './strays.ts';

test('a process of another system is not ours to end, whatever life it names', {
  skip: process.platform !== 'linux',
}, async () => {
  const incarnation = `I${process.pid}`;
  const env = { HALE_INCARNATION: incarnation, HALE_SYSTEM: 'original' };
  const child = spawn(process.execPath, ['-e', "console.log('here'); setInterval(() => {}, 1000)"], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  });
  await once(child.stdout, 'data');
  assert.deepEqual(findStrays(incarnation), [child.pid]);
  assert.equal(killStrays(incarnation, 'copy'), 0);
  assert.deepEqual(findStrays(incarnation, 'original'), [child.pid]);
  assert.equal(killStrays(incarnation, 'original'), 1);
  await once(child, 'exit');
});
