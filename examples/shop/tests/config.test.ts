// The declaration of the shop is one that Hale takes without a word.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseSystem } from '@hale/model/parse';
import declaration from '../hale.config.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('hale.config.ts parses without a problem, and every program is there', () => {
  const { value, problems } = parseSystem(declaration, { root, id: '00000000-0000-4000-8000-000000000000' });
  assert.deepEqual(problems, []);
  const services = Object.values(value!.services);
  assert.deepEqual(services.map((service) => service.name).sort(), [
    'inventory',
    'orders',
    'payments',
    'pricing',
    'storefront',
  ]);
  for (const { program } of services) if (program.kind === 'module') assert.ok(existsSync(program.file), program.file);
});
