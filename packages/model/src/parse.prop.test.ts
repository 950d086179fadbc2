// Whatever is thrown at the parser, it answers: a value without errors or errors without a value, paths that point into what was
// given, and the same answer twice. The finger on the line never points outside of the text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import fc from 'fast-check';
import { service } from './declaration.ts';
import { findCycle, startOrder } from './graph.ts';
import { locateProblem } from './locate.ts';
import { formatPath, splitPath } from './parse/problems.ts';
import { parseSystem } from './parse.ts';
import { unitsOf } from './units.ts';

const options = { root: '/srv', id: 'id' };
const runs = { seed: 20_250_101, numRuns: tries(100, 1_000) };

const fields = ['run', 'command', 'env', 'port', 'replicas', 'uses', 'probes', 'hang', 'limits', 'zones', 'slo', 'x'];
const anything = fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.bigInt(), fc.func(fc.integer()));
const hostileService = fc.oneof(
  anything,
  fc.dictionary(fc.constantFrom(...fields), anything).map((given) => ({ ...given, kind: 'service' })),
);
const hostileSystem = fc.record(
  {
    name: anything,
    zones: anything,
    services: fc.oneof(
      anything,
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'a')), hostileService),
    ),
    resources: fc.oneof(anything, fc.dictionary(fc.string(), anything)),
    gateway: fc.oneof(anything, fc.record({ routes: anything, port: anything })),
  },
  { requiredKeys: [] },
);

test('the parser answers everything, twice the same', () => {
  fc.assert(
    fc.property(fc.oneof(anything, hostileSystem), (input) => {
      const parsed = parseSystem(input, options);
      const broken = parsed.problems.some(({ severity }) => severity === 'error');
      assert.equal(parsed.value === undefined, broken);
      for (const { message, hint } of parsed.problems) assert.ok(message !== '' && hint !== '');
      assert.deepEqual(parseSystem(input, options), parsed);
    }),
    runs,
  );
});

const names = ['a', 'b', 'c', 'd', 'e'];
const drawings = fc.record(
  Object.fromEntries(
    names.map((name) => [name, fc.uniqueArray(fc.constantFrom(...names.filter((other) => other !== name)))]),
  ),
);

test('a drawing is refused exactly when it has a circle, and else every unit comes after what it uses', () => {
  fc.assert(
    fc.property(drawings, (uses) => {
      const services = Object.fromEntries(
        names.map((name) => [name, service({ run: 'x.ts', uses: uses[name] ?? [] })]),
      );
      const { value } = parseSystem({ name: 'shop', services }, options);
      assert.equal(value === undefined, findCycle(uses) !== undefined);
      assert.deepEqual([...startOrder(uses)].sort(), names);
      const order = value === undefined ? [] : unitsOf(value);
      for (const [index, unit] of order.entries()) {
        const before = order.slice(0, index).map(({ name }) => name);
        for (const used of unit.uses) assert.ok(before.includes(used));
      }
    }),
    runs,
  );
});

test('a path survives being written down', () => {
  const step = fc.oneof(fc.nat(99), fc.string({ minLength: 1 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (path) => assert.deepEqual(splitPath(formatPath(path)), path)),
    runs,
  );
});

test('the finger stays on the page', () => {
  const piece = fc.constantFrom(
    'defineSystem(',
    '{',
    '}',
    '[',
    ']',
    "'",
    '"',
    '`',
    ',',
    ':',
    'a',
    'services',
    '\n',
    '//',
    '/*',
    '*/',
    ' ',
    '\\',
    '(',
    ')',
    'const a = ',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.constantFrom('', 'a', 'services.a', 'a[0].services'),
      (pieces, path) => {
        const text = pieces.join('');
        const line = locateProblem(text, path);
        assert.ok(line === undefined || (line >= 1 && line <= text.split('\n').length));
      },
    ),
    { ...runs, numRuns: tries(500, 5_000) },
  );
});
