// Two drawings and the sentences between them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffSystems } from './diff.ts';
import type { SystemSpec } from './spec.ts';
import { buildGateway, buildPostgres, buildService, buildSystem } from './testing.ts';

const text = (value: string) => ({ kind: 'text', text: value }) as const;
const one = (over: Parameters<typeof buildService>[0]) => buildSystem({ services: [buildService(over)] });
const hang = { afterMs: 9000, action: 'replace' } as const;

const table: readonly (readonly [string, SystemSpec, SystemSpec, readonly string[]])[] = [
  ['nothing', one({}), one({}), []],
  ['more replicas', one({}), one({ replicas: 3 }), ['orders: from 1 to 3 replicas']],
  [
    'a variable',
    one({ env: { A: text('1') } }),
    one({ env: { A: text('2') } }),
    ['orders: env A changed, so 1 replica will be replaced, one at a time'],
  ],
  ['patience', one({}), one({ hang }), ['orders: hang changed, followed without a restart']],
  [
    'program and scale',
    one({ replicas: 2 }),
    one({ replicas: 4, program: { kind: 'command', argv: ['x'] }, cwd: '/x' }),
    [
      'orders: run or command and cwd changed, so 2 replicas will be replaced, one at a time',
      'orders: from 2 to 4 replicas',
    ],
  ],
  [
    'a new service',
    one({}),
    buildSystem({ services: [buildService(), buildService({ name: 'web' })] }),
    ['web is new: 1 replica will start', 'gateway: listeners changed, so 2 replicas will be replaced, one at a time'],
  ],
  [
    'a database gone',
    buildSystem({ resources: [buildPostgres()] }),
    buildSystem(),
    ['db is no longer declared: 1 replica will drain and stop'],
  ],
  [
    'routes',
    buildSystem({ gateway: buildGateway() }),
    buildSystem(),
    ['gateway: routes changed, followed without a restart'],
  ],
  [
    'more workers',
    buildSystem({ gateway: buildGateway() }),
    buildSystem({ gateway: buildGateway({ workers: 3 }) }),
    ['gateway: from 2 to 3 replicas'],
  ],
];

for (const [what, before, after, sentences] of table) {
  test(`diff: ${what}`, () => assert.deepEqual(diffSystems(before, after).sentences, sentences));
}

test('a changed secret is named, never shown', () => {
  const canary = 'canary-secret-value';
  const diff = diffSystems(one({ env: { KEY: text(canary) } }), one({ env: { KEY: { kind: 'secret', name: 'KEY' } } }));
  assert.ok(!JSON.stringify(diff).includes(canary), 'INV-12');
});
