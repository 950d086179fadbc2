// Every complaint of the parser, one line each: what was written, where the complaint stands, and words it must contain.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { env, haproxy, nginx, postgres, secret, service } from './declaration.ts';
import { parseSystem } from './parse.ts';
import type { SystemSpec } from './spec.ts';
import { unitsOf } from './units.ts';

const options = { root: '/srv/shop', id: 'id' };
const orders = service({ run: 'orders.ts' });

/** A system of the service `orders` with `fields` added to it. */
const withFields = (fields: object) => ({ name: 'shop', services: { orders: { ...orders, ...fields } } });
const withServices = (services: object, more: object = {}) => ({ name: 'shop', services, ...more });

/** [what, declaration, the one expected path, words of message and hint]. */
type Row = readonly [string, unknown, string, ...string[]];

const errors: readonly Row[] = [
  ['not a system', 'shop', '', 'expected a system', 'defineSystem'],
  ['no name', { services: { orders } }, 'name', 'no name'],
  ['a name with capitals', { name: 'My Shop', services: { orders } }, 'name', "write 'my-shop'"],
  ['no services', { name: 'shop' }, 'services', 'no services', 'hale init'],
  ['services as a list', { name: 'shop', services: [orders] }, 'services', 'expected an object, got a list'],
  ['unknown field of the system', withServices({ orders }, { servces: 1 }), 'servces', "did you mean 'services'?"],
  ['alerts', withServices({ orders }, { alerts: [] }), 'alerts', "does not act on 'alerts' yet"],
  ['a region twice', withServices({ orders }, { regions: ['eu', 'eu'] }), 'regions[1]', 'another region or zone'],
  ['no program', withServices({ orders: { kind: 'service' } }), 'services.orders', 'nothing to run'],
  ['two programs', withFields({ command: ['a'] }), 'services.orders', 'both run and command'],
  ['an empty command', withServices({ o: { kind: 'service', command: [] } }), 'services.o.command', 'empty command'],
  ['a command as text', withServices({ o: { kind: 'service', command: 'a b' } }), 'services.o.command', "['a', 'b']"],
  [
    'a service without service()',
    withServices({ o: { run: 'a.ts' } }),
    'services.o',
    'expected a service(), got an object',
  ],
  ['a database among services', withServices({ db: postgres() }), 'services.db', 'move it to resources'],
  ['tsx', withFields({ run: 'a.tsx' }), 'services.orders.run', "['npx', 'tsx', 'a.tsx']"],
  ['python', withFields({ run: 'a.py' }), 'services.orders.run', "['python3', 'a.py']"],
  ['run as a command line', withFields({ run: 'node a.js --x' }), 'services.orders.run', "['node', 'a.js', '--x']"],
  ['an unknown field', withFields({ replica: 2 }), 'services.orders.replica', "did you mean 'replicas'?"],
  ['scale', withFields({ scale: { cpu: 0.7 } }), 'services.orders.scale', "does not act on 'scale' yet", 'replicas'],
  [
    'a nested unknown field',
    withFields({ hang: { afer: '3s' } }),
    'services.orders.hang.afer',
    "did you mean 'after'?",
  ],
  ['replicas as a range', withFields({ replicas: { min: 2, max: 8 } }), 'services.orders.replicas', 'replicas: 2'],
  [
    'a crossed range',
    withFields({ replicas: { min: 9, max: 8 } }),
    'services.orders.replicas',
    '9 is above the maximum 8',
  ],
  ['no replicas', withFields({ replicas: 0 }), 'services.orders.replicas', 'from 1 to 100, got the number 0'],
  ['half a replica', withFields({ replicas: 1.5 }), 'services.orders.replicas', 'whole number'],
  ['a bad duration', withFields({ hang: { after: 'soon' } }), 'services.orders.hang.after', "got 'soon'", "'3s'"],
  ['a bare number', withFields({ hang: { after: 5000 } }), 'services.orders.hang.after', 'the number 5000', "'5s'"],
  ['too short a hang', withFields({ hang: { after: '1ms' } }), 'services.orders.hang.after', "at least '500ms'"],
  [
    'an unknown action',
    withFields({ hang: { action: 'kill' } }),
    'services.orders.hang.action',
    "'replace' or 'observe'",
  ],
  ['bad memory', withFields({ limits: { memory: '1 lot' } }), 'services.orders.limits.memory', "'512MB'"],
  ['cpu limits', withFields({ limits: { cpu: 1 } }), 'services.orders.limits.cpu', 'does not act on'],
  ['a ratio as SLO', withFields({ slo: { availability: 0.999 } }), 'services.orders.slo.availability', 'write 99.9'],
  ['a perfect SLO', withFields({ slo: { availability: 100 } }), 'services.orders.slo.availability', 'no error budget'],
  [
    'an SLO below reason',
    withFields({ slo: { availability: -3 } }),
    'services.orders.slo.availability',
    'out of range',
  ],
  ['slo as text', withFields({ slo: 'high' }), 'services.orders.slo', "expected an object, got 'high'"],
  ['port 0', withFields({ port: 0 }), 'services.orders.port', 'from 1 to 65535'],
  ['a fixed port for two', withFields({ port: 3000, replicas: 2 }), 'services.orders.port', '2 replicas cannot share'],
  ['a secret as plain text', withFields({ cwd: secret('X') }), 'services.orders.cwd', 'a secret() cannot stand here'],
  ['an env as plain text', withFields({ run: env('X') }), 'services.orders.run', 'an env() cannot stand here'],
  ['a list in env', withFields({ env: { A: [1] } }), 'services.orders.env.A', 'expected text, env() or secret()'],
  [
    'a value as secret',
    withFields({ env: { A: secret('s3cr3t!') } }),
    'services.orders.env.A',
    'the name, not the value',
  ],
  ['HALE_URL_X in env', withFields({ env: { HALE_URL_X: 1 } }), 'services.orders.env.HALE_URL_X', 'set by Hale'],
  ['PORT in env', withFields({ env: { PORT: 80 } }), 'services.orders.env.PORT', 'set by Hale', 'port: 3000'],
  ['uses as text', withFields({ uses: 'db' }), 'services.orders.uses', 'expected a list of names'],
  ['a zone nobody declared', withFields({ zones: ['b'] }), 'services.orders.zones[0]', 'not declared', 'declared: a'],
  ['no zones', withServices({ orders }, { zones: [] }), 'zones', 'empty list'],
  [
    'two checks in a probe',
    withFields({ probes: { live: { http: '/', tcp: true } } }),
    'services.orders.probes.live',
    'one thing',
  ],
  ['a probe path', withFields({ probes: { live: { http: 'up' } } }), 'services.orders.probes.live.http', "write '/up'"],
  [
    'an unknown probe field',
    withFields({ probes: { ready: { htp: '/' } } }),
    'services.orders.probes.ready.htp',
    "mean 'http'",
  ],
  ['a bad ready field', withFields({ probes: { ready: { every: 1 } } }), 'services.orders.probes.ready.every', "'1ms'"],
  [
    'a tcp probe of a worker',
    withFields({ port: false, probes: { live: { tcp: true } } }),
    'services.orders.probes.live',
    'without a port',
  ],
  [
    'a startup probe of a worker',
    withFields({ port: false, probes: { startup: { exec: ['a'] } } }),
    'services.orders.probes.startup',
    'ready',
  ],
  ['a reserved name', withServices({ gateway: orders }), 'services.gateway', "the gateway's own workers"],
  ['a bad name', withServices({ userService: orders }), 'services.userService', "write 'user-service'"],
  [
    'one name twice',
    withServices({ db: orders }, { resources: { db: postgres() } }),
    'resources.db',
    'the name of a service too',
  ],
  [
    'a name that does not exist',
    withServices({ orders, web: service({ run: 'w.ts', uses: ['order'] }) }),
    'services.web.uses[0]',
    "did you mean 'orders'?",
  ],
  ['uses itself', withFields({ uses: ['orders'] }), 'services.orders.uses[0]', 'uses itself'],
  [
    'a circle',
    withServices({ a: service({ run: 'a.ts', uses: ['b'] }), b: service({ run: 'b.ts', uses: ['a'] }) }),
    'services.b.uses[0]',
    'a -> b -> a',
  ],
  [
    'two fixed ports',
    withServices({ orders: { ...orders, port: 3000 }, web: { ...orders, port: 3000 } }),
    'services.web.port',
    'already the port of orders',
  ],
  [
    'the port of the gateway',
    withServices({ orders: { ...orders, port: 8080 } }, { gateway: {} }),
    'services.orders.port',
    'the gateway',
  ],
  [
    'a route to nowhere',
    withServices({ orders }, { gateway: { routes: { '/': 'order' } } }),
    'gateway.routes["/"]',
    "did you mean 'orders'?",
  ],
  [
    'a route to a database',
    withServices({ orders }, { resources: { db: postgres() }, gateway: { routes: { '/': 'db' } } }),
    'gateway.routes["/"]',
    'is a resource',
  ],
  [
    'a route to a worker',
    withServices({ orders: { ...orders, port: false } }, { gateway: { routes: { '/': 'orders' } } }),
    'gateway.routes["/"]',
    'has no port',
  ],
  [
    'a route without a slash',
    withServices({ orders }, { gateway: { routes: { api: 'orders' } } }),
    'gateway.routes.api',
    "write '/api'",
  ],
  [
    'a route with a star',
    withServices({ orders }, { gateway: { routes: { '/*': 'orders' } } }),
    'gateway.routes["/*"]',
    'prefix',
  ],
  [
    'a route twice',
    withServices({ orders }, { gateway: { routes: { '/a': 'orders', '/a/': 'orders' } } }),
    'gateway.routes["/a/"]',
    'twice',
  ],
  ['a gateway field', withServices({ orders }, { gateway: { prot: 1 } }), 'gateway.prot', "did you mean 'port'?"],
  ['an unknown gateway', withServices({ orders }, { gateway: { kind: 'apache' } }), 'gateway.kind', 'nginx({ ... })'],
  [
    'include without reload',
    withServices({ orders }, { gateway: nginx({ include: 'hale.conf' }) }),
    'gateway.reload',
    "['nginx', '-s', 'reload']",
  ],
  [
    'reload without include',
    withServices({ orders }, { gateway: nginx({ reload: ['nginx', '-s', 'reload'] }) }),
    'gateway.reload',
    'add include',
  ],
  [
    'include for haproxy',
    withServices({ orders }, { gateway: { ...haproxy({}), include: 'x' } }),
    'gateway.include',
    "unknown field 'include'",
  ],
  [
    'tls without a key',
    withServices({ orders }, { gateway: { tls: { cert: 'a.pem' } } }),
    'gateway.tls.key',
    'key.pem',
  ],
  [
    'one port for both',
    withServices({ orders }, { gateway: { port: 8443, tls: { cert: 'a.pem', key: 'b.pem' } } }),
    'gateway.tls.port',
    'already the port of the gateway',
  ],
  ['keys as text', withFields({ idempotencyKeys: 'yes' }), 'services.orders.idempotencyKeys', 'true or false'],
  [
    'gateway as a number',
    withServices({ orders }, { gateway: 8080 }),
    'gateway',
    'expected an object, got the number 8080',
  ],
  [
    'a durability without anybody to keep it',
    withServices({ orders }, { resources: { db: { ...postgres(), standbys: 0, durability: 'no-acked-loss' } } }),
    'resources.db.standbys',
    'write standbys: 2',
  ],
  [
    'a server as a number',
    withServices({ orders }, { resources: { db: { ...postgres(), bin: 15 } } }),
    'resources.db.bin',
    'the number 15',
  ],
  [
    'an unknown resource',
    withServices({ orders }, { resources: { bus: { kind: 'kafka' } } }),
    'resources.bus',
    'write postgres()',
  ],
  [
    'a database name',
    withServices({ orders }, { resources: { db: postgres({ database: 'My-Db' }) } }),
    'resources.db.database',
    "'my_db'",
  ],
];

for (const [what, declaration, path, ...words] of errors) {
  test(`problem: ${what}`, () => {
    const parsed = parseSystem(declaration, options);
    assert.equal(parsed.value, undefined);
    assert.deepEqual(
      parsed.problems.map((problem) => problem.path),
      [path],
      JSON.stringify(parsed.problems),
    );
    const [problem] = parsed.problems;
    for (const word of words)
      assert.ok(`${problem?.message} / ${problem?.hint}`.includes(word), JSON.stringify(problem));
    assert.notEqual(problem?.hint, '');
  });
}

const warnings: readonly Row[] = [
  [
    'one standby',
    withServices({ orders }, { resources: { db: postgres({ standbys: 1 }) } }),
    'resources.db.standbys',
    'standbys: 2',
  ],
  [
    'a password in plain text',
    withFields({ env: { DB_PASSWORD: 'x' } }),
    'services.orders.env.DB_PASSWORD',
    "secret('DB_PASSWORD')",
  ],
  [
    'a hold beyond the timeout',
    withServices({ orders }, { gateway: { timeout: '5s', hold: '9s' } }),
    'gateway.hold',
    'longer',
  ],
  ['a zone twice', withServices({ orders }, { zones: ['a', 'a'] }), 'zones[1]', 'twice'],
];

for (const [what, declaration, path, ...words] of warnings) {
  test(`warning: ${what}`, () => {
    const { value, problems } = parseSystem(declaration, options);
    assert.notEqual(value, undefined);
    assert.deepEqual(
      problems.map(({ path, severity }) => [path, severity]),
      [[path, 'warning']],
    );
    for (const word of words) assert.ok(`${problems[0]?.message} / ${problems[0]?.hint}`.includes(word));
  });
}

test('all problems come at once, whatever else is wrong', () => {
  const { problems } = parseSystem(
    {
      name: 'Shop',
      extra: 1,
      services: {
        a: { kind: 'service', run: 'a.ts', command: ['a'], replicas: 0, uses: ['nobody', 'b'] },
        b: { kind: 'service', replicas: '2', uses: ['a'] },
      },
      gateway: { port: 'x', routes: { '/': 'c' } },
    },
    options,
  );
  assert.deepEqual(problems.map((problem) => problem.path).toSorted(), [
    'extra',
    'gateway.port',
    'gateway.routes["/"]',
    'name',
    'services.a',
    'services.a.replicas',
    'services.a.uses[0]',
    'services.b',
    'services.b.replicas',
    'services.b.uses[0]',
  ]);
});

test('silence means the safe defaults', () => {
  const { value, problems } = parseSystem(withServices({ orders }), options);
  assert.deepEqual(problems, []);
  const spec = value?.services['orders'];
  assert.deepEqual(spec?.program, { kind: 'module', file: '/srv/shop/orders.ts' });
  assert.deepEqual([spec?.replicas, spec?.zones, spec?.cwd, spec?.port], [1, ['a'], '/srv/shop', undefined]);
  assert.deepEqual(spec?.hang, { afterMs: 3000, action: 'replace' });
  assert.deepEqual(spec?.grace, { drainMs: 250, stopMs: 10_000 });
  assert.deepEqual([spec?.probes.startup.check.kind, spec?.probes.startup.withinMs], ['tcp', 60_000]);
  assert.equal(spec?.probes.ready?.check.kind, 'tcp');
  assert.equal(spec?.probes.live, undefined);
  assert.deepEqual([value?.gateway?.port, value?.gateway?.routes], [0, []]);
});

test('what is said is kept, in milliseconds and bytes', () => {
  const { value, problems } = parseSystem(
    {
      name: 'shop',
      zones: ['a', 'b'],
      resources: { db: postgres({ database: 'shop', port: 5544, bin: '../pg/bin' }) },
      services: {
        orders: service({
          run: './src/../orders.ts',
          cwd: 'services',
          envFile: '.env',
          uses: ['db'],
          env: { A: 1, B: env('B', 'b'), C: secret('C') },
          probes: { startup: { http: '/up', within: '5s' }, live: { exec: ['true'], every: '100ms', failures: 5 } },
          limits: { memory: '512MB' },
          slo: { availability: 99.9, p99: '300ms' },
        }),
        mailer: service({ command: ['./mailer'], port: false, uses: ['orders'] }),
      },
      gateway: { routes: { '/orders/': 'orders' }, bodyMax: '2MB', timeout: '5s' },
    },
    options,
  );
  assert.deepEqual(problems, []);
  const spec = value?.services['orders'];
  assert.deepEqual(
    [spec?.program, spec?.cwd, spec?.envFile],
    [{ kind: 'module', file: '/srv/shop/orders.ts' }, '/srv/shop/services', '/srv/shop/.env'],
  );
  assert.deepEqual(spec?.env['B'], { kind: 'env', name: 'B', fallback: 'b' });
  assert.deepEqual([spec?.limits.memoryBytes, spec?.slo.p99Ms], [512e6, 300]);
  assert.deepEqual(spec?.probes.live?.everyMs, { steady: 100, suspicious: 100, down: 100 });
  assert.equal(value?.services['mailer']?.probes.startup.check.kind, 'alive');
  assert.deepEqual(value?.gateway?.routes, [{ prefix: '/orders', service: 'orders' }]);
  assert.deepEqual(
    [value?.gateway?.tryTimeoutMs, value?.gateway?.holdMs, value?.gateway?.bodyBytesMax],
    [5000, 5000, 2e6],
  );
  const db = { kind: 'postgres', name: 'db', database: 'shop', port: 5544, bin: '/srv/pg/bin' };
  assert.deepEqual(value?.resources['db'], db);
  assert.ok(value);
  const prints = (spec: SystemSpec) => unitsOf(spec).map((unit) => unit.fingerprint);
  assert.deepEqual(prints(JSON.parse(JSON.stringify(value))), prints(value), 'a spec survives being a file');
});

test('INV-12: what was written as a secret is never repeated', () => {
  const parsed = parseSystem(withFields({ env: { A: secret('canary value!') } }), options);
  assert.doesNotMatch(JSON.stringify(parsed), /canary/);
});
