// What the compiler must refuse. Each `@ts-expect-error` fails the type check when the line below it starts to compile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineSystem, env, haproxy, nginx, postgres, secret, service } from './declaration.ts';

test('a right declaration compiles and keeps what it was given', () => {
  const system = defineSystem({
    name: 'shop',
    zones: ['a', 'b'],
    resources: { db: postgres({ database: 'shop' }) },
    services: {
      storefront: service({ run: 'storefront.ts', uses: ['orders'], slo: { availability: 99.9, p99: '300ms' } }),
      orders: service({
        run: 'orders.ts',
        replicas: 2,
        uses: ['db'],
        env: { KEY: secret('KEY'), MODE: env('MODE', 'x') },
      }),
      payments: service({ command: ['python3', 'payments.py'], probes: { ready: { http: '/readyz' } } }),
      mailer: service({ run: 'mailer.ts', port: false, probes: { live: { exec: ['true'], every: '5s' } } }),
    },
    gateway: { port: 8080, routes: { '/': 'storefront', '/orders': 'orders' } },
  });
  assert.deepEqual(system.services.orders.uses, ['db']);
  assert.equal(system.resources?.db.kind, 'postgres');
});

test('names that do not exist do not compile', () => {
  defineSystem({
    name: 'shop',
    services: {
      orders: service({ run: 'orders.ts' }),
      // @ts-expect-error: no service is called 'order'
      storefront: service({ run: 'storefront.ts', uses: ['order'] }),
    },
  });
  defineSystem({
    name: 'shop',
    services: { orders: service({ run: 'orders.ts' }) },
    // @ts-expect-error: no service is called 'order'
    gateway: { routes: { '/': 'order' } },
  });
  defineSystem({
    name: 'shop',
    resources: { db: postgres() },
    services: { orders: service({ run: 'orders.ts', uses: ['db'] }) },
    // @ts-expect-error: a resource cannot be routed to
    gateway: { routes: { '/': 'db' } },
  });
});

test('a service is one program, written with known fields', () => {
  // @ts-expect-error: neither run nor command
  service({ replicas: 2 });
  // @ts-expect-error: both
  service({ run: 'a.ts', command: ['a'] });
  // @ts-expect-error: an empty command
  service({ command: [] });
  // @ts-expect-error: not a duration
  service({ run: 'a.ts', hang: { after: 'soon' } });
  // @ts-expect-error: nobody acts on scale yet
  service({ run: 'a.ts', scale: { cpu: 0.7 } });
  // @ts-expect-error: no such promise
  postgres({ standbys: 2, durability: 'mostly' });
});

test('a real balancer is the gateway with a kind, and its routes are checked like any', () => {
  const services = { orders: service({ run: 'orders.ts', idempotencyKeys: true }) };
  const routes = { '/': 'orders' } as const;
  defineSystem({ name: 'shop', services, gateway: nginx({ port: 80, routes, tls: { cert: 'a.pem', key: 'b.pem' } }) });
  defineSystem({ name: 'shop', services, gateway: haproxy({ routes, bin: '/usr/sbin/haproxy' }) });
  defineSystem({ name: 'shop', services, gateway: nginx({ include: 'hale.conf', reload: ['nginx', '-s', 'reload'] }) });
  // @ts-expect-error: no service is called 'order'
  defineSystem({ name: 'shop', services, gateway: nginx({ routes: { '/': 'order' } }) });
  // @ts-expect-error: include is for nginx
  defineSystem({ name: 'shop', services, gateway: haproxy({ routes, include: 'hale.conf' }) });
});
