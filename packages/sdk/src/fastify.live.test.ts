// The Fastify door without Fastify: it says what to install.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const program = `
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== 'fastify') return next(specifier, context);
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    },
  });
  const { createFastifyService } = await import(process.argv[1]);
  const error = await createFastifyService('it').catch((error) => error);
  process.stdout.write(error.code + ': ' + error.hint);`;

test('a missing fastify is named, with the line to type', () => {
  const door = new URL('./fastify.ts', import.meta.url).href;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program, door], { encoding: 'utf8' });
  assert.equal(said, 'HALE_SDK_FASTIFY_MISSING: npm install fastify');
});
