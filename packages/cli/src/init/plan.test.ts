// Who gets which port, by a table: the promise to callers is kept where it can be, and said where it cannot.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyHarvest, type Listening, type ServiceDraft } from './draft.ts';
import { planSystem } from './plan.ts';

const draft = (name: string, listening: Listening, over: Partial<ServiceDraft> = {}): ServiceDraft => ({
  name,
  from: 'x',
  folder: '',
  program: { run: 'x.js' },
  env: {},
  replicas: 1,
  uses: [],
  listening,
  ...over,
});
const reads = (published?: number): Listening => ({
  kind: 'listens',
  reads: true,
  ...(published === undefined ? {} : { published }),
});
const fixed = (port: number, published = port): Listening => ({ kind: 'listens', reads: false, port, published });
const silent: Listening = { kind: 'silent' };

/** services -> [ports by service, gateway port, front, names of what was said] */
type Row = readonly [
  string,
  readonly ServiceDraft[],
  object,
  number | undefined,
  string | undefined,
  readonly string[],
];

const table: readonly Row[] = [
  ['nothing listens', [draft('a', silent)], { a: false }, undefined, undefined, []],
  ['one that reads PORT', [draft('a', reads())], { a: undefined }, 8080, 'a', []],
  ['its published port goes to the gateway', [draft('a', reads(3000))], { a: undefined }, 3000, 'a', []],
  ['one that does not stays where it is', [draft('a', fixed(3000))], { a: 3000 }, 8080, 'a', []],
  ['even on the usual port of the gateway', [draft('a', fixed(8080))], { a: 8080 }, 8081, 'a', []],
  ['a container is reached where it was', [draft('a', fixed(80, 9000))], { a: 80 }, 9000, 'a', []],
  [
    'the front is what nobody uses',
    [draft('api', reads(1)), draft('z', reads(2), { uses: ['api'] })],
    { api: 1, z: undefined },
    2,
    'z',
    [],
  ],
  ['and is called web', [draft('api', reads(1)), draft('web', reads(2))], { api: 1, web: undefined }, 2, 'web', []],
  [
    'replicas share no port',
    [draft('web', reads(1)), draft('b', reads(2), { replicas: 2 })],
    { web: undefined, b: undefined },
    1,
    'web',
    ['b'],
  ],
  ['two on one port', [draft('web', fixed(1)), draft('b', fixed(1))], { web: 1 }, 8080, 'web', ['b']],
  ['not known', [draft('a', { kind: 'unknown' })], { a: false }, undefined, undefined, ['a']],
];

for (const [what, services, ports, gateway, front, said] of table) {
  test(`plan: ${what}`, () => {
    const plan = planSystem('s', { ...emptyHarvest, services });
    assert.deepEqual(Object.fromEntries(plan.services.map(({ draft, port }) => [draft.name, port])), ports);
    assert.deepEqual([plan.gateway?.port, plan.gateway?.front], [gateway, front]);
    assert.deepEqual(
      plan.unmapped.map((entry) => entry.what),
      said,
    );
  });
}
