// The drawing of a small gateway, word by word where a word matters; and what it refuses to write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NginxInput, renderNginx } from './nginx.ts';
import { renderNginxUpstreams, upstreamBlock } from './nginx-upstream.ts';

const orders = {
  name: 'orders',
  members: [{ address: '127.0.0.1', port: 20_001, weight: 100 }],
  hold: 'unix:/run/hale/orders.sock',
  idempotencyKeys: false,
};

const input: NginxInput = {
  dialect: { http2Directive: false, tempPaths: ['client_body', 'proxy'] },
  folder: '/run/hale/',
  user: undefined,
  workers: 2,
  listeners: [
    { kind: 'public', host: '127.0.0.1', port: 8080 },
    { kind: 'service', host: '127.0.0.1', port: 30_001, service: 'orders' },
  ],
  routes: [{ prefix: '/orders', service: 'orders' }],
  services: [orders],
  timeoutMs: 30_000,
  tryTimeoutMs: 10_000,
  holdMs: 10_000,
  bodyBytesMax: 1_000_000,
  closingFile: '/run/hale/closing',
  lookEvery: 1,
  answers: { 404: '{"error":{"code":"NO_ROUTE"}}' },
  witness: undefined,
};

const tls = { kind: 'tls', host: '::', port: 8443, certFile: '/etc/a.pem', keyFile: '/etc/b.pem' } as const;

test('one service: its doors, and behind them the waiting room', () => {
  assert.deepEqual(upstreamBlock(orders), [
    'upstream hale_orders {',
    '  zone hale_orders 128k;',
    '  least_conn;',
    '  server 127.0.0.1:20001 max_fails=3 fail_timeout=1s;',
    '  server "unix:/run/hale/orders.sock" max_fails=0 backup;',
    '  keepalive 128;',
    '  keepalive_timeout 4s;',
    '  keepalive_requests 1000000;',
    '}',
  ]);
});

/** [what, over, words that must stand there, words that must not]. */
type Row = readonly [string, Partial<NginxInput>, readonly string[], readonly string[]];

const rows: readonly Row[] = [
  [
    'routes end where a segment ends',
    {},
    ['location = "/orders" {', 'location ^~ "/orders/" {', 'location / {\n      return 404;'],
    ['user ', 'split_clients'],
  ],
  [
    'every door once, then the waiting room',
    {},
    ['proxy_next_upstream_tries 0;', 'proxy_next_upstream error timeout;'],
    ['non_idempotent'],
  ],
  [
    'keys make all of it repeatable',
    { services: [{ ...orders, idempotencyKeys: true }] },
    ['proxy_next_upstream error timeout non_idempotent;', 'proxy_set_header Idempotency-Key $hale_key;'],
    [],
  ],
  [
    'nobody is up: the waiting room is no backup then',
    { services: [{ ...orders, members: [] }] },
    ['server "unix:/run/hale/orders.sock" max_fails=0;'],
    ['backup'],
  ],
  [
    'weights',
    { services: [{ ...orders, members: [{ address: '::1', port: 1, weight: 50 }] }] },
    ['server [::1]:1 weight=50 max_fails=3'],
    [],
  ],
  ['TLS', { listeners: [tls] }, ['listen [::]:8443 ssl http2;', 'ssl_certificate "/etc/a.pem";'], ['http2 on;']],
  [
    'TLS, as newer ones have it',
    { listeners: [tls], dialect: { http2Directive: true, tempPaths: [] } },
    ['listen [::]:8443 ssl;', 'http2 on;'],
    [],
  ],
  ['root', { user: 'root' }, ['user root;'], []],
  [
    'a witness of one in twenty',
    { witness: { port: 5140, every: 20 } },
    ['5.00% 1;', '* 0;', '200 $hale_dice;', '200 20;', 'access_log syslog:server=127.0.0.1:5140'],
    ['access_log off;', '$hale_look'],
  ],
  [
    'one of eight looks whether its connection ends',
    { lookEvery: 8 },
    ["12.50% '';", 'HTTP/1.1 $hale_look;', "map $hale_dice $hale_look {\n    0 '';"],
    ["HTTP/1.1 '';"],
  ],
  [
    'a usual request is asked one question, and its envelope is written without another',
    {},
    [
      "HTTP/1.1 '';",
      'if ($hale_odd) { return 418; }',
      'X-Forwarded-Host $http_host;',
      'X-Hale-Timeout-Ms 30000;',
      'X-Hale-Timeout-Ms $hale_patience;',
    ],
    ['split_clients', '$hale_key'],
  ],
];

for (const [what, over, must, mustNot] of rows) {
  test(`nginx: ${what}`, () => {
    const text = renderNginx({ ...input, ...over });
    for (const words of must) assert.ok(text.includes(words), `'${words}' in\n${text}`);
    for (const words of mustNot) assert.ok(!text.includes(words), `no '${words}' in\n${text}`);
    assert.equal(text, renderNginx({ ...input, ...over }));
  });
}

test('words that the language could misread are refused', () => {
  const named = (name: string) => () => renderNginx({ ...input, services: [{ ...orders, name }] });
  for (const name of ['a;b', 'a b', 'a{', '$host', 'a\n']) assert.throws(named(name), name);
  assert.throws(() => renderNginx({ ...input, routes: [{ prefix: '/$x', service: 'orders' }] }));
});

test('for an NGINX of the team: upstreams, and nothing else', () => {
  const text = renderNginxUpstreams([orders]);
  assert.match(text, /^upstream hale_orders \{/m);
  assert.doesNotMatch(text, /^(?:http|server|events|daemon)/m);
});
