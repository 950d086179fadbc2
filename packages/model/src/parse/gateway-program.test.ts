// What nginx(), haproxy() and tls become; their complaints are rows of parse.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { haproxy, nginx, service } from '../declaration.ts';
import { parseSystem } from '../parse.ts';

test('a real balancer and its TLS: words on the PATH stay words, paths are seen from the declaration', () => {
  const gatewayOf = (gateway: object) =>
    parseSystem(
      { name: 'shop', services: { orders: service({ run: 'orders.ts' }) }, gateway },
      { root: '/srv/shop', id: 'id' },
    ).value?.gateway;
  const reload = ['nginx', '-s', 'reload'] as const;
  assert.deepEqual(gatewayOf(nginx({}))?.program, { kind: 'nginx', bin: 'nginx', include: undefined });
  assert.deepEqual(gatewayOf(haproxy({ bin: './haproxy' }))?.program, {
    kind: 'haproxy',
    bin: '/srv/shop/haproxy',
    include: undefined,
  });
  assert.deepEqual(gatewayOf(nginx({ include: 'conf.d/hale.conf', reload }))?.program, {
    kind: 'nginx',
    bin: 'nginx',
    include: { file: '/srv/shop/conf.d/hale.conf', reload, check: undefined },
  });
  assert.deepEqual(gatewayOf({ tls: { cert: 'a.pem', key: '/etc/b.pem' } })?.tls, {
    certFile: '/srv/shop/a.pem',
    keyFile: '/etc/b.pem',
    port: 8443,
  });
});
