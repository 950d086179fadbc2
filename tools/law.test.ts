// The law itself is tested by breaking it: each planted import must be caught, each allowed one must pass.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breaches } from './law.ts';
import { toSource } from './source.ts';

const check = (path: string, text: string) =>
  breaches([toSource(path, text)], () => new Set(['zod'])).map((found) => found.message);

test('arrows only go down', () => {
  assert.equal(check('packages/model/src/a.ts', "import { step } from '@hale/healer';").length, 1);
  assert.equal(check('packages/healer/src/a.ts', "import type { Command } from '@hale/model';").length, 0);
  assert.equal(check('packages/healer/src/a.ts', "export { x } from '@hale/control';").length, 1);
  assert.equal(check('packages/control/src/a.ts', "const p = await import('@hale/platform');").length, 1);
});

test('pure rooms do not see Node', () => {
  assert.equal(check('packages/healer/src/a.ts', "import { readFileSync } from 'node:fs';").length, 1);
  assert.equal(check('packages/drill/src/sim/world.ts', "import { readFileSync } from 'node:fs';").length, 1);
  assert.equal(check('packages/drill/src/live/hands.ts', "import { readFileSync } from 'node:fs';").length, 0);
});

test('no reaching through walls, no undeclared package', () => {
  assert.equal(check('packages/healer/src/a.ts', "import { x } from '../../model/src/spec.ts';").length, 1);
  assert.equal(check('packages/model/src/a.ts', "import { z } from 'zod';").length, 0);
  assert.equal(check('packages/model/src/a.ts', "import pg from 'pg';").length, 1);
});

test('an unknown room has no row', () => {
  assert.equal(check('packages/attic/src/a.ts', 'export const a = 1;').length, 1);
});

test('prose is not code', () => {
  assert.equal(check('packages/model/src/a.ts', "// import { step } from '@hale/healer';\n").length, 0);
});
