// Nothing that tries chance is only ever tried a few times: `npm test`, which continuous integration runs, asks for many.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import { repository } from './source.ts';

const read = (path: string) => readFileSync(join(repository, path), 'utf8');

test('npm test tries chance many times before it runs anything, and continuous integration runs npm test', () => {
  const script = read('tools/test.mjs');
  const asked = script.indexOf("\nprocess.env.HALE_RUNS = 'many';\n");
  assert.ok(asked > 0 && asked < script.indexOf('spawnSync('), 'tools/test.mjs sets HALE_RUNS first of all');
  assert.equal(
    (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts['test'],
    'node tools/test.mjs',
  );
  assert.match(read('.ci/run'), /^npm test$/m);
});

test('few are tried unless many are asked for', (t) => {
  const before = process.env['HALE_RUNS'];
  t.after(() => {
    if (before === undefined) delete process.env['HALE_RUNS'];
    else process.env['HALE_RUNS'] = before;
  });
  delete process.env['HALE_RUNS'];
  assert.equal(tries(1, 5), 1);
  process.env['HALE_RUNS'] = 'many';
  assert.equal(tries(1, 5), 5);
});
