// A plan against something that runs: a real server plays the deployed service and says what its API is; the folder holds another edition.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isHaleError } from '@hale/base';
import type { OpenApiDocument, SystemSpec } from '@hale/model';
import { buildService, buildSystem } from '@hale/model/testing';
import { recordRelease } from '../system/folder.ts';
import { readApiFile } from './api-reader.ts';
import { planRelease } from './plan.ts';

const charge = (required: readonly string[]): OpenApiDocument => ({
  openapi: '3.1.0',
  info: { title: 'payments', version: '1' },
  paths: {
    '/charge': {
      post: {
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required,
                properties: { order: { type: 'string' }, cents: { type: 'integer' } },
              },
            },
          },
        },
      },
    },
  },
});

let root = '';
let answer: { status: number; body: string } = { status: 404, body: '' };
const server = createServer((_req, res) => res.writeHead(answer.status).end(answer.body));

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'hale-plan-'));
  mkdirSync(join(root, '.hale', 'releases'), { recursive: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  writeFileSync(
    join(root, '.hale', 'system.json'),
    JSON.stringify({ id: '11111111-1111-4111-8111-111111111111', ports: { 'svc:payments': port } }),
  );
});
after(() => {
  server.close();
  rmSync(root, { recursive: true, force: true });
});

function specWith(api: string): SystemSpec {
  const services = [
    buildService({ name: 'payments', api: join(root, api) }),
    buildService({ name: 'orders', uses: ['payments'] }),
  ];
  return buildSystem({ root, services });
}

test('a breaking change is named, with whoever uses the service', async () => {
  writeFileSync(join(root, 'next.json'), JSON.stringify(charge(['order', 'cents'])));
  const spec = specWith('next.json');
  assert.equal((await planRelease(spec, false)).apis[0]?.silent, 'it does not run yet');
  recordRelease(root, spec);
  answer = { status: 200, body: JSON.stringify(charge(['order'])) };
  const plan = await planRelease(spec, true);
  assert.equal(plan.breaking, 1);
  assert.deepEqual(plan.apis, [
    {
      service: 'payments',
      callers: ['orders'],
      silent: undefined,
      changes: [{ operation: 'POST /charge', breaking: true, message: 'request body: cents may be missing' }],
    },
  ]);
  answer = { status: 404, body: '' };
  assert.match((await planRelease(spec, true)).apis[0]?.silent ?? '', /404/);
  answer = { status: 200, body: '<html>' };
  assert.match((await planRelease(spec, true)).apis[0]?.silent ?? '', /JSON/);
});

test('a module that exports an api, a YAML file, and files that are neither', async () => {
  const module =
    "export const other = 1;\nexport const a = { kind: 'api', document: { openapi: '3.1.0', info: {}, paths: {} } };\n";
  writeFileSync(join(root, 'payments.api.ts'), module);
  writeFileSync(join(root, 'payments.yaml'), 'openapi: 3.1.0\ninfo: {}\npaths: {}\n');
  for (const file of ['payments.api.ts', 'payments.yaml'])
    assert.deepEqual((await readApiFile(join(root, file))).paths, {});
  const hostile: Readonly<Record<string, string>> = {
    'throws.ts': "throw new Error('no');",
    'exits.ts': 'process.exit(7);',
    'nothing.ts': 'export default 5;',
    'broken.json': '{',
    'other.yaml': 'a: 1',
    'missing.json': '',
  };
  for (const [file, text] of Object.entries(hostile)) {
    if (text !== '') writeFileSync(join(root, file), text);
    await assert.rejects(
      readApiFile(join(root, file)),
      (error) => isHaleError(error) && error.code === 'HALE_CLI_API_UNREADABLE',
      file,
    );
  }
});
