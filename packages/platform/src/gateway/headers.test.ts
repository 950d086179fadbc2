// What is taken off, kept and added, field by field.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { originForm, requestHeaders, responseHeaders } from './headers.ts';

function incoming(rawHeaders: string[], remoteAddress = '::ffff:10.0.0.7'): IncomingMessage {
  const headers: Record<string, string> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) headers[rawHeaders[i]!.toLowerCase()] = rawHeaders[i + 1]!;
  return { rawHeaders, headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

const added = ['X-Forwarded-For', '10.0.0.7', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'shop'];

function check(name: string, raw: string[], expected: string[], isPublic = true): void {
  test(name, () => assert.deepEqual(requestHeaders(incoming(raw), isPublic), expected));
}

check(
  'nothing of the client is changed, only added to',
  ['Host', 'shop', 'COOKIE', 'a', 'cookie', 'b'],
  [...['Host', 'shop', 'COOKIE', 'a', 'cookie', 'b'], ...added],
);
check(
  'hop-by-hop fields are taken off, also those that Connection names',
  [
    'Host',
    'shop',
    'Connection',
    'keep-alive, x-a',
    'X-A',
    '1',
    'TE',
    'trailers',
    'Upgrade',
    'x',
    'Proxy-Connection',
    'y',
  ],
  ['Host', 'shop', ...added],
);
check(
  'Connection cannot take off what the next one needs',
  ['Host', 'shop', 'Connection', 'host, authorization, x-forwarded-for', 'Authorization', 'secret'],
  ['Host', 'shop', 'Authorization', 'secret', ...added],
);
check(
  'nor the key, without which it would not be sent twice',
  ['Host', 'shop', 'Connection', 'idempotency-key', 'Idempotency-Key', 'k'],
  ['Host', 'shop', 'Idempotency-Key', 'k', ...added],
);
const words = ['x-hale-timeout-ms', '100', 'X-Hale-Retries-Left', '9', 'X-Hale-Priority', 'critical'];
check(
  'patience and purse make room for those of the try',
  ['Host', 'shop', ...words.slice(0, 4)],
  ['Host', 'shop', ...added],
);
check('nobody outside is critical by his own word', ['Host', 'shop', ...words.slice(4)], ['Host', 'shop', ...added]);
check(
  'inside, everybody is believed',
  ['Host', 'shop', ...words],
  ['Host', 'shop', ...words.slice(4), ...added],
  false,
);
check(
  'less than normal is believed of all',
  ['x-hale-priority', 'sheddable'],
  ['x-hale-priority', 'sheddable', ...added.slice(0, 4)],
);
check(
  'a proxy in front is believed about the protocol, and the chain grows',
  ['Host', 'shop', 'X-Forwarded-For', '1.1.1.1', 'x-forwarded-for', '2.2.2.2', 'X-Forwarded-Proto', 'https'],
  [
    ...['Host', 'shop', 'X-Forwarded-Proto', 'https', 'X-Forwarded-For', '1.1.1.1, 2.2.2.2, 10.0.0.7'],
    ...['X-Forwarded-Host', 'shop'],
  ],
);

test('responses: hop-by-hop off, several cookies stay several', () => {
  const headers = { connection: 'close, x-b', 'x-b': '1', 'keep-alive': 't', 'set-cookie': ['a', 'b'], etag: 'e' };
  assert.deepEqual(responseHeaders(headers, false), ['set-cookie', 'a', 'set-cookie', 'b', 'etag', 'e']);
  assert.deepEqual(responseHeaders({ trailer: 'x-sum' }, true), ['trailer', 'x-sum']);
  assert.deepEqual(responseHeaders({ trailer: 'x-sum' }, false), []);
});

test('absolute targets become paths', () => {
  const table = [
    ['/a', '/a'],
    ['http://h/a?b', '/a?b'],
    ['HTTPS://h', '/'],
    ['http://h?b', '/?b'],
    ['*', '*'],
  ] as const;
  for (const [url, path] of table) assert.equal(originForm(url), path);
});
