// The waiting room: its chairs, its pace, and that nobody is forgotten or let out twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { type Chairs, createHoldingRoom, type Guest } from './hold.ts';

function rig(guestsMax = 1000) {
  const clock = createVirtualClock();
  const chairs: Chairs = { guests: 0, bytes: 0, guestsMax, bytesMax: 1000 };
  const state = { isUp: false, out: [] as number[] };
  const room = createHoldingRoom({ clock, chairs, isUp: () => state.isUp });
  const guest = (id: number, heldBytes = 0): Guest => ({ heldBytes, proceed: () => void state.out.push(id) });
  return { clock, chairs, state, room, guest };
}

test('chairs and bytes are bounded, and given back', () => {
  const { chairs, room, guest } = rig(2);
  const first = guest(1, 600);
  assert.equal(room.enter(first, false), true);
  assert.equal(room.enter(guest(2, 600), false), false, 'too many bytes');
  assert.equal(room.enter(guest(3), false), true);
  assert.equal(room.enter(guest(4), false), false, 'no chair');
  room.leave(first);
  room.leave(first);
  assert.deepEqual([chairs.guests, chairs.bytes, room.size], [1, 0, 1]);
});

test('nobody goes while nobody is up; then few at first, more each time, all in the end, in order', () => {
  const { clock, state, room, guest } = rig();
  for (let i = 0; i < 500; i++) room.enter(guest(i), false);
  clock.advance(5000);
  assert.equal(state.out.length, 0);
  state.isUp = true;
  room.wake();
  assert.equal(state.out.length, 8);
  clock.advance(20);
  assert.equal(state.out.length, 24);
  clock.advance(200);
  assert.deepEqual(
    state.out,
    Array.from({ length: 500 }, (_, i) => i),
  );
});

test('those who come back from a failing replica go in single file, slower', () => {
  const { clock, state, room, guest } = rig();
  state.isUp = true;
  for (let i = 0; i < 10; i++) room.enter(guest(i), true);
  clock.advance(100);
  assert.equal(state.out.length, 1);
});
