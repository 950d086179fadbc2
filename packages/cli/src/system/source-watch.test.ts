// Which saved file restarts which service: a table. What a program writes itself restarts nobody.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildService } from '@hale/model/testing';
import { concernedBy } from './source-watch.ts';

const module = (name: string, file: string) => buildService({ name, program: { kind: 'module', file } });
const services = [
  { ...module('orders', '/shop/src/orders.ts'), envFile: '/shop/orders.vars' },
  module('web', '/shop/src/web.ts'),
  buildService({ name: 'jobs', program: { kind: 'command', argv: ['python3', 'jobs.py'] }, cwd: '/shop/jobs' }),
];

const cases: [file: string, concerned: string[]][] = [
  ['/shop/src/orders.ts', ['orders']],
  ['/shop/src/shared/price.ts', ['orders', 'web']],
  ['/shop/src/settings.json', ['orders', 'web']],
  ['/shop/src/.env.local', ['orders', 'web']],
  ['/shop/jobs/jobs.py', ['jobs']],
  ['/shop/orders.vars', ['orders']],
  ['/shop/src/web.log', []],
  ['/shop/src/data.db-wal', []],
  ['/shop/src/upload.png', []],
  ['/shop/src/node_modules/x/index.js', []],
  ['/shop/readme.ts', []],
];

describe('a saved file', () => {
  for (const [file, concerned] of cases) {
    it(`${file} concerns ${concerned.join(' and ') || 'nobody'}`, () => {
      assert.deepEqual(concernedBy(file, services), concerned);
    });
  }
});
