// The note on the closed door, and what counts as having knocked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorResponse, readFirstWords } from './refusal.ts';

test('an ErrorResponse frame: type, length without the type, fields that end with zeros', () => {
  const frame = errorResponse({ code: '57P03', message: 'no primary\0 of db' });
  assert.equal(frame.toString('latin1', 0, 1), 'E');
  assert.equal(frame.readInt32BE(1), frame.length - 1);
  assert.deepEqual(frame.toString('utf8', 5).split('\0'), ['SFATAL', 'VFATAL', 'C57P03', 'Mno primary  of db', '', '']);
});

test('first words: whole or not, a question for encryption, a cancel, a startup', () => {
  const words = (length: number, code: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(length, 0);
    bytes.writeInt32BE(code, 4);
    return bytes;
  };
  const cases: readonly [Buffer, string][] = [
    [words(8, 80877103).subarray(0, 7), 'incomplete'],
    [words(8, 80877103), 'ask'],
    [words(8, 80877104), 'ask'],
    [words(16, 80877102), 'none'],
    [words(41, 196608), 'startup'],
    [Buffer.from('GET / HTTP/1.1\r\n'), 'startup'],
  ];
  for (const [bytes, expected] of cases) assert.equal(readFirstWords(bytes), expected);
});
