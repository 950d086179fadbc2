// The pilot's seat with a program that only writes down what it is told: in which order wishes reach it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { createPilot } from './pilot.ts';
import type { ProxyConfig } from './proxy-program.ts';

function seat() {
  const clock = createVirtualClock();
  const told: string[] = [];
  let wished = 0;
  let isRunning = false;
  let letGo = () => {};
  const work = (what: string) => (config: ProxyConfig) => {
    told.push(`${what} ${String(config)}`);
    return new Promise<void>((resolve) => {
      letGo = () => {
        isRunning = true;
        resolve();
      };
    });
  };
  const program = { start: work('start'), apply: work('apply'), isRunning: () => isRunning };
  const wish = () => wished as unknown as ProxyConfig;
  const pilot = createPilot({ clock, program, wish, say: () => {} });
  const change = () => {
    wished++;
    pilot.changed();
  };
  return { clock, told, pilot, change, letGo: () => letGo() };
}

test('what changes before it has begun is in the beginning, what changes meanwhile comes after it', async () => {
  const { clock, told, pilot, change, letGo } = seat();
  change();
  change();
  await clock.advance(1000);
  assert.deepEqual(told, []);
  const begun = pilot.begin();
  change();
  change();
  await clock.advance(1000);
  assert.deepEqual(told, ['start 2'], 'one at a time');
  letGo();
  await begun;
  await clock.advance(250);
  assert.deepEqual(told, ['start 2', 'apply 4'], 'the newest, once');
  change();
  await clock.advance(1000);
  assert.deepEqual(told.length, 2, 'not before the one under way is done');
  letGo();
  await clock.advance(0);
  await clock.advance(250);
  assert.deepEqual(told.at(-1), 'apply 5');
  pilot.close();
});
