// INV-12 in small: what may be shown, and what is struck out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskEnv, maskUrlPassword, strikeOut } from './masking.ts';

test('INV-12: an environment is shown without its secrets', () => {
  const shown = maskEnv({
    MODE: { kind: 'text', text: 'fast' },
    DB_PASSWORD: { kind: 'text', text: 'canary' },
    URL: { kind: 'text', text: 'postgres://shop:canary@db/shop' },
    KEY: { kind: 'secret', name: 'PAYMENT_KEY' },
    REGION: { kind: 'env', name: 'REGION', fallback: 'canary' },
  });
  assert.deepEqual(shown, {
    MODE: 'fast',
    DB_PASSWORD: '***',
    URL: 'postgres://shop:***@db/shop',
    KEY: 'secret(PAYMENT_KEY)',
    REGION: 'env(REGION)',
  });
});

const table: readonly (readonly [string, readonly string[], string])[] = [
  ['key=abcd1234;', ['abcd1234'], 'key=***;'],
  ['longest first: abcdef', ['abcd', 'abcdef'], 'longest first: ***'],
  ['json "a\\"bcd"', ['a"bcd'], 'json "***"'],
  ['url ?k=a%2Fbcd', ['a/bcd'], 'url ?k=***'],
  ['short ones stay: 1', ['1', ''], 'short ones stay: 1'],
  ['$& is no pattern: $&xx', ['$&xx'], '$& is no pattern: ***'],
];

for (const [text, secrets, expected] of table)
  test(`strikes out: ${text}`, () => assert.equal(strikeOut(text, secrets), expected));

test('a password in an address is struck out, an address without one is not', () => {
  assert.equal(maskUrlPassword('amqp://u:p@h and http://h:80/a@b'), 'amqp://u:***@h and http://h:80/a@b');
});
