// Every subject survives its address; anything else is nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nothing, parseAddress, printAddress, type Subject } from './address.ts';

const subjects: readonly Subject[] = [
  nothing,
  { kind: 'unit', unit: 'orders' },
  { kind: 'replica', replica: 'orders/0' },
  { kind: 'incident', incident: '01JDQ2V8M4XK' },
  { kind: 'unit', unit: 'ä %/?#' },
];

test('there and back', () => {
  for (const subject of subjects) assert.deepEqual(parseAddress(printAddress(subject)), subject);
});

test('a replica is read as it is spelled', () => {
  assert.equal(printAddress({ kind: 'replica', replica: 'orders/0' }), '#/replica/orders/0');
});

test('anything else is nothing', () => {
  for (const hash of ['', '#', '#/', '#feed', '#/unit/', '#/planet/earth', '#/unit/%E0%A4%A'])
    assert.deepEqual(parseAddress(hash), nothing);
});
