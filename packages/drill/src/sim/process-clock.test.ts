// A process that is busy looks at no clock, one that is dead never again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAgenda } from './agenda.ts';
import { createProcessClock } from './process-clock.ts';

function open() {
  const agenda = createAgenda();
  const clock = createProcessClock(agenda, () => 1_000);
  const fired: string[] = [];
  const note = (what: string) => () => void fired.push(`${what} ${clock.mono()}`);
  return { agenda, clock, fired, note };
}

test('timers fire in their order, and those that fall due while it is busy when it is free again', () => {
  const { agenda, clock, fired, note } = open();
  clock.after(30, note('c'));
  clock.after(10, note('a'));
  clock.after(20, note('b'));
  clock.after(5, () => clock.occupy(40));
  clock.after(25, note('cancelled')).cancel();
  agenda.runUntil(100);
  assert.deepEqual(fired, ['a 45', 'b 45', 'c 45']);
  assert.deepEqual([clock.mono(), clock.wall()], [100, 1_100]);
});

test('a beat goes on until it is cancelled, and a late one puts off the next', () => {
  const { agenda, clock, fired, note } = open();
  const beat = clock.every(10, note('beat'));
  clock.after(12, () => clock.occupy(13));
  agenda.runUntil(40);
  beat.cancel();
  agenda.runUntil(100);
  assert.deepEqual(fired, ['beat 10', 'beat 25', 'beat 35']);
});

test('nothing fires after its end', () => {
  const { agenda, clock, fired, note } = open();
  clock.every(10, note('beat'));
  clock.after(15, note('once'));
  clock.stop();
  agenda.runUntil(100);
  assert.deepEqual(fired, []);
});
