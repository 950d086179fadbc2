// The seal against the values that RFC 3720 prints, and against a dumb twin that goes bit by bit.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { crc32c } from './crc32c.ts';

test('the vectors of RFC 3720', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

test('the same as bit by bit', () => {
  for (let length = 0; length < 64; length++) {
    const bytes = randomBytes(length);
    assert.equal(crc32c(bytes), bitByBit(bytes), bytes.toString('hex'));
  }
});

function bitByBit(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const out = (value ^ (byte >> bit)) & 1;
      value = (value >>> 1) ^ (out ? 0x82f63b78 : 0);
    }
  }
  return (value ^ 0xffffffff) >>> 0;
}
