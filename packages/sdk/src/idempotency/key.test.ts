// What counts as one key: a token or a quoted string, never several, never longer than 255.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprintOf, lockNumberOf } from './fingerprint.ts';
import { parseKey } from './key.ts';

const cases: readonly (readonly [string | readonly string[] | undefined, string])[] = [
  [undefined, 'none'],
  ['8e03978e-40d5-43dd-bc93-6894a57f9324', 'key 8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['"8e03978e"', 'key 8e03978e'],
  ['  "a b";p=1 ', 'key a b'],
  ['"say \\"hi\\" \\\\"', 'key say "hi" \\'],
  [['one'], 'key one'],
  [['one', 'two'], 'invalid'],
  ['one, two', 'invalid'],
  ['', 'invalid'],
  ['""', 'invalid'],
  ['"open', 'invalid'],
  ['a b', 'invalid'],
  ['k\u00e9y', 'invalid'],
  ['k'.repeat(255), `key ${'k'.repeat(255)}`],
  ['k'.repeat(256), 'invalid'],
];
for (const [header, expected] of cases) {
  test(`key of ${JSON.stringify(header)?.slice(0, 40)}`, () => {
    const parsed = parseKey(header);
    assert.equal(parsed.kind === 'key' ? `key ${parsed.key}` : parsed.kind, expected);
  });
}

test('the fingerprint is of the meaning of a JSON body, and of the bytes of any other', () => {
  const of = (body: unknown, contentType: string | undefined = 'application/json') =>
    fingerprintOf({ method: 'POST', url: '/a', contentType, body, headers: [] });
  const parsed = of({ a: 1, b: [{ c: 2, d: 3 }] });
  assert.equal(of('{ "b": [{"d":3,"c":2}], "a":1 }'), parsed);
  assert.equal(of(Buffer.from('{"a":1,"b":[{"c":2,"d":3}]}'), 'application/vnd.api+json; charset=utf-8'), parsed);
  assert.notEqual(of('{"a":1,"b":[{"c":2,"d":4}]}'), parsed);
  assert.notEqual(of('{"a":1}', 'text/plain'), of('{ "a":1}', 'text/plain'));
  assert.match(of('['.repeat(100_000)), /^[0-9a-f]{64}$/);
});

test('a lock number is a bigint of PostgreSQL', () => {
  assert.equal(lockNumberOf(`${'f'.repeat(16)}00`), '-1');
  assert.equal(lockNumberOf(`7${'f'.repeat(15)}00`), '9223372036854775807');
});
