// The binary COPY format by hand: rows, NULLs, a header with an extension, and streams that are cut anywhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRows } from './raw-rows.ts';

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int16 = (value: number) => int32(value).subarray(2);
const field = (bytes: Buffer) => Buffer.concat([int32(bytes.length), bytes]);
const header = (extension = Buffer.alloc(0)) =>
  Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), int32(0), field(extension)]);
const some = Buffer.from([0xff, 0x00, 0x80]);

test('rows and NULLs, with and without a header extension', () => {
  for (const extension of [Buffer.alloc(0), Buffer.from('more')]) {
    const stream = [header(extension), int16(2), field(some), int32(-1), int16(1), field(Buffer.alloc(0)), int16(-1)];
    assert.deepEqual(parseRows(Buffer.concat(stream)), [[some, undefined], [Buffer.alloc(0)]]);
  }
  assert.deepEqual(parseRows(Buffer.concat([header(), int16(-1)])), []);
});

test('a stream that is cut anywhere, or goes on, is refused', () => {
  const whole = Buffer.concat([header(), int16(2), field(some), field(some), int16(-1)]);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => parseRows(whole.subarray(0, length)), Error, `cut at ${length}`);
  }
  assert.throws(() => parseRows(Buffer.concat([whole, some])));
});
