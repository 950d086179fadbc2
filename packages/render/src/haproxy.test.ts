// The golden drawing for HAProxy, and what the draughtsman refuses to write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HaproxyInput, haproxyBackend, haproxySlot, renderHaproxy } from './haproxy.ts';

const holdSocket = '/run/hale/hold.sock';

function input(over: Partial<HaproxyInput> = {}): HaproxyInput {
  return {
    stamp: 'hale shop 1',
    adminSocket: '/run/hale/haproxy.sock',
    threads: 2,
    timeoutMs: 30_000,
    tryTimeoutMs: 10_000,
    holdMs: 10_000,
    bodyBytesMax: 1_000_000,
    listeners: [
      { kind: 'public', fd: 3 },
      { kind: 'service', fd: 4, service: 'orders' },
    ],
    routes: [{ prefix: '/orders', service: 'orders' }],
    services: [
      {
        name: 'orders',
        idempotencyKeys: true,
        slots: 2,
        members: [{ address: '127.0.0.1', port: 4001, weight: 100 }],
        holdSocket,
      },
    ],
    answers: { 404: '{"error":"no route"}', 503: '{"error":"none up"}' },
    ...over,
  };
}

const golden = `# Written by Hale; changes are overwritten. The gateway is declared in hale.config.ts.
global
  description 'hale shop 1'
  stats socket '/run/hale/haproxy.sock' mode 600 level admin
  stats timeout 1m
  nbthread 2
  maxconn 8000
  no strict-limits
  hard-stop-after 30000ms
  tune.bufsize 32768
  tune.http.maxhdr 101
  ssl-default-bind-options ssl-min-ver TLSv1.2

defaults
  mode http
  timeout http-request 10s
  timeout http-keep-alive 65s
  timeout client 30000ms
  timeout connect 300ms
  timeout server 11000ms
  timeout queue 10000ms
  timeout tunnel 1h
  retries 5
  option redispatch 1
  retry-on conn-failure empty-response response-timeout 503
  option forwardfor
  option idle-close-on-response
  http-reuse safe
  http-error status 503 content-type application/json string '{"error":"none up"}'

frontend public
  bind fd@3
  http-request return status 400 content-type application/json string '{}' if { req.hdr(x-hale-timeout-ms) -m found } !{ req.hdr(x-hale-timeout-ms) -m reg ^[0-9]{1,12}$ }
  http-request set-header X-Hale-Timeout-Ms 30000 if !{ req.hdr(x-hale-timeout-ms) -m found }
  http-request set-uri %[pathq] if { url_beg -i http:// https:// }
  http-request del-header TE
  http-request del-header Trailer
  http-request set-header X-Forwarded-Proto http if !{ ssl_fc } !{ req.hdr(x-forwarded-proto) -m found }
  http-request set-header X-Forwarded-Proto https if { ssl_fc } !{ req.hdr(x-forwarded-proto) -m found }
  http-request set-header X-Forwarded-Host %[req.hdr(host)] if !{ req.hdr(x-forwarded-host) -m found }
  http-response del-header Keep-Alive
  http-response del-header Proxy-Connection
  use_backend service-orders.hold if { path '/orders' } { nbsrv(service-orders.up) eq 0 } !{ stopping } or { path_beg '/orders/' } { nbsrv(service-orders.up) eq 0 } !{ stopping }
  use_backend service-orders if { path '/orders' } or { path_beg '/orders/' }
  default_backend lost

frontend service-orders.door
  bind fd@4
  http-request return status 400 content-type application/json string '{}' if { req.hdr(x-hale-timeout-ms) -m found } !{ req.hdr(x-hale-timeout-ms) -m reg ^[0-9]{1,12}$ }
  http-request set-header X-Hale-Timeout-Ms 30000 if !{ req.hdr(x-hale-timeout-ms) -m found }
  http-request set-uri %[pathq] if { url_beg -i http:// https:// }
  http-request del-header TE
  http-request del-header Trailer
  http-request set-header X-Forwarded-Proto http if !{ ssl_fc } !{ req.hdr(x-forwarded-proto) -m found }
  http-request set-header X-Forwarded-Proto https if { ssl_fc } !{ req.hdr(x-forwarded-proto) -m found }
  http-request set-header X-Forwarded-Host %[req.hdr(host)] if !{ req.hdr(x-forwarded-host) -m found }
  http-response del-header Keep-Alive
  http-response del-header Proxy-Connection
  use_backend service-orders.hold if TRUE { nbsrv(service-orders.up) eq 0 } !{ stopping }
  use_backend service-orders if TRUE

backend service-orders
  balance leastconn
  http-request set-header Idempotency-Key hale-%[uuid] if { method POST PATCH } !{ req.hdr(idempotency-key) -m found }
  http-request disable-l7-retry if !{ method GET HEAD PUT DELETE OPTIONS TRACE } !{ req.hdr(idempotency-key) -m found }
  http-request disable-l7-retry if { be_conn gt 1000 }
  http-request wait-for-body time 1s if { req.hdr_val(content-length) gt 0 } { req.hdr_val(content-length) le 16384 }
  default-server check inter 1s fastinter 100ms downinter 100ms fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down maxconn 1000 pool-purge-delay 1s
  server slot1 127.0.0.1:4001 weight 100
  server slot2 127.0.0.1:9 disabled
  server hold unix@/run/hale/hold.sock no-check backup

backend service-orders.up
  server slot1 127.0.0.1:9 track service-orders/slot1
  server slot2 127.0.0.1:9 track service-orders/slot2

backend service-orders.hold
  timeout server 30000ms
  retry-on conn-failure
  server hold unix@/run/hale/hold.sock no-check

backend lost
  http-request return status 404 content-type application/json string '{"error":"no route"}'
`;

test('the drawing of one service with keys is this text', () => {
  assert.equal(renderHaproxy(input()), golden);
});

test('the longest prefix is asked first, and ends where a segment ends', () => {
  const routes = ['/', '/a', '/a/b/', '/a/b'].map((prefix) => ({ prefix, service: 'orders' }));
  const text = renderHaproxy(input({ routes }));
  const rules = text
    .split('\n')
    .filter((line) => line.includes('use_backend') && !line.includes('nbsrv') && !line.includes('TRUE'));
  assert.deepEqual(
    rules.map((line) => line.trim().replace('use_backend service-orders if ', '')),
    [
      "{ path_beg '/a/b/' }",
      "{ path '/a/b' } or { path_beg '/a/b/' }",
      "{ path '/a' } or { path_beg '/a/' }",
      "{ path_beg '/' }",
    ],
  );
});

test('a service without keys repeats only what is safe, and is given no key', () => {
  const services = [{ name: 'plain', idempotencyKeys: false, slots: 1, members: [], holdSocket: undefined }];
  const text = renderHaproxy(input({ services }));
  assert.match(text, /disable-l7-retry if !\{ method GET HEAD PUT DELETE OPTIONS TRACE \}\n/);
  assert.doesNotMatch(text, /Idempotency-Key|backup|server hold/);
});

test('a second door with TLS speaks HTTP/2, and addresses of version 6 are written as such', () => {
  const members = [{ address: '::1', port: 4001, weight: 7 }];
  const text = renderHaproxy(
    input({
      listeners: [
        { kind: 'public', fd: 3 },
        { kind: 'tls', fd: 5, pemFile: '/run/it is/tls.pem' },
      ],
      services: [{ name: 'orders', idempotencyKeys: false, slots: 1, members, holdSocket }],
    }),
  );
  assert.match(text, /bind fd@5 ssl crt '\/run\/it is\/tls.pem' alpn h2,http\/1.1/);
  assert.match(text, /server slot1 ipv6@\[::1\]:4001 weight 7/);
});

test('what could be read as more than a word is quoted, or refused', () => {
  const text = renderHaproxy(input({ routes: [{ prefix: "/o'r }", service: 'orders' }] }));
  assert.ok(text.includes(String.raw`{ path '/o'\''r }' }`));
  assert.throws(() => renderHaproxy(input({ routes: [{ prefix: '/a\nbind *:80', service: 'orders' }] })), /control/);
  assert.throws(() => haproxyBackend('a b'), /letters/);
  assert.throws(() => renderHaproxy(input({ stamp: 'a\nb' })), /control/);
  const crowded = {
    name: 'orders',
    idempotencyKeys: false,
    slots: 0,
    members: [{ address: '::1', port: 1, weight: 1 }],
    holdSocket,
  };
  assert.throws(() => renderHaproxy(input({ services: [crowded] })), /chairs/);
  assert.equal(haproxySlot(0), 'slot1');
});
