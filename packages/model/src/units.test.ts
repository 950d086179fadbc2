// The parts list: what comes out of a system, in which order, and what changes a fingerprint.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SystemSpec } from './spec.ts';
import { buildGateway, buildPostgres, buildService, buildSystem, buildWorker } from './testing.ts';
import { routedServices, unitsOf } from './units.ts';

const shop = buildSystem({
  services: [
    buildService({ name: 'storefront', uses: ['orders'] }),
    buildService({ name: 'orders', uses: ['payments', 'db'] }),
    buildService({ name: 'payments' }),
    buildWorker({ name: 'mailer', uses: ['db'] }),
  ],
  resources: [buildPostgres()],
});

test('units come in start order, the gateway last and waiting for nobody', () => {
  const units = unitsOf(shop);
  assert.deepEqual(
    units.map((unit) => unit.name),
    ['db', 'payments', 'orders', 'storefront', 'mailer', 'gateway'],
  );
  assert.deepEqual(units.at(-1)?.uses, []);
});

test('a worker has no port: it is not routed and the gateway does not listen for it', () => {
  const mailer = unitsOf(shop).find((unit) => unit.name === 'mailer');
  assert.equal(mailer?.routed, false);
  assert.deepEqual(routedServices(shop), ['storefront', 'orders', 'payments']);
});

test('a database node and a fixed port cannot have a replacement beside them', () => {
  const units = unitsOf(buildSystem({ services: [buildService({ port: 3000 })], resources: [buildPostgres()] }));
  assert.deepEqual(
    units.map((unit) => [unit.name, unit.surge]),
    [
      ['db', false],
      ['orders', false],
      ['gateway', true],
    ],
  );
});

test('a system without services or gateway has no units', () => {
  assert.deepEqual(unitsOf(buildSystem({ services: [], gateway: undefined })), []);
});

const one = (over: Parameters<typeof buildService>[0]) => buildSystem({ services: [buildService(over)] });

const nginxSpec = { kind: 'nginx', bin: 'nginx', include: undefined } as const;

const fingerprintTable: readonly (readonly [string, string, SystemSpec, SystemSpec, boolean])[] = [
  ['the program', 'orders', one({}), one({ program: { kind: 'command', argv: ['x'] } }), true],
  ['a variable', 'orders', one({}), one({ env: { A: { kind: 'text', text: '1' } } }), true],
  ['what it uses', 'orders', one({}), one({ uses: ['db'] }), true],
  ['the number of replicas', 'orders', one({}), one({ replicas: 4 }), false],
  ['the grace', 'orders', one({}), one({ grace: { drainMs: 1, stopMs: 1 } }), false],
  ['the memory limit', 'orders', one({}), one({ limits: { memoryBytes: 1e9 } }), false],
  ['a timeout', 'gateway', one({}), { ...one({}), gateway: buildGateway({ timeoutMs: 1 }) }, false],
  ['routes', 'gateway', one({}), { ...one({}), gateway: buildGateway() }, false],
  [
    'another server',
    'db',
    buildSystem({ resources: [buildPostgres()] }),
    buildSystem({ resources: [buildPostgres({ bin: '/usr/lib/postgresql/15/bin' })] }),
    true,
  ],
  [
    'a new listener',
    'gateway',
    one({}),
    buildSystem({ services: [buildService(), buildService({ name: 'x' })] }),
    true,
  ],
  [
    'a real balancer',
    'gateway',
    one({}),
    { ...one({}), gateway: buildGateway({ ...one({}).gateway, program: nginxSpec }) },
    true,
  ],
  ['the public port', 'gateway', one({}), buildSystem({ gateway: buildGateway({ port: 9000 }) }), true],
];

for (const [what, unit, before, after, changes] of fingerprintTable) {
  test(`${what} ${changes ? 'replaces' : 'does not replace'} ${unit}`, () => {
    const print = (spec: SystemSpec) => unitsOf(spec).find(({ name }) => name === unit)?.fingerprint;
    assert.equal(print(before) !== print(after), changes);
  });
}

test('a real balancer has one pilot, whatever its workers, and drawings of older versions have none', () => {
  const unitOf = (gateway: ReturnType<typeof buildGateway>) => unitsOf(buildSystem({ gateway })).at(-1);
  assert.deepEqual(
    [unitOf(buildGateway({ program: nginxSpec, workers: 4 }))].map((unit) => [unit?.replicas, unit?.surge]),
    [[1, false]],
  );
  const { program: _, tls: __, ...older } = buildGateway({ workers: 3 });
  assert.deepEqual(unitOf(older as never), unitOf(buildGateway({ workers: 3 })));
});
