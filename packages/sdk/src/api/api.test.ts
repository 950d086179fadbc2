// One contract, both sides, without a network: the typed client talks to the counter through a wire of plain data. Rows of clumsy
// and hostile requests get an answer that names the fault.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHaleError } from '@hale/base';
import * as v from 'valibot';
import { z } from 'zod';
import { createCounter, type Implementation } from './answering.ts';
import { type ApiCarrier, apiClient } from './client.ts';
import { api } from './definition.ts';
import { ApiRefusal } from './errors.ts';
import { parseJson } from './handler.ts';

const shop = api(
  {
    charge: {
      in: z.object({ order: z.string().min(1), cents: z.int().positive() }),
      out: z.object({ receipt: z.string() }),
      requiresKey: true,
    },
    receipt: {
      method: 'GET',
      path: '/receipts/{id}',
      in: z.object({
        id: z.string(),
        page: z.int().optional(),
        deep: z.boolean().optional(),
        tags: z.array(z.string()).optional(),
      }),
      out: z.object({ cents: z.int(), asked: z.unknown() }),
    },
    newest: { method: 'GET', path: '/receipts/newest', out: z.object({ id: z.string() }) },
    rename: {
      method: 'PUT',
      path: '/orders/{id}',
      in: v.object({ id: v.string(), name: v.string() }),
      out: v.object({ name: v.string() }),
    },
    forget: { method: 'DELETE', path: '/orders/{id}', in: z.object({ id: z.string() }) },
    lie: { out: z.object({ promised: z.string() }) },
  },
  { title: 'shop' },
);

const faults: string[] = [];
const implementation: Implementation<typeof shop.operations> = {
  charge: ({ order, cents }, call) => {
    if (cents > 1000) throw new ApiRefusal(402, 'TOO_DEAR', 'no', { most: 1000 });
    return { receipt: `${order}:${cents}:${call.idempotencyKey?.length ?? 0}`, secret: 'never sent' } as {
      receipt: string;
    };
  },
  receipt: (input) => ({ cents: 7, asked: input }),
  newest: () => ({ id: 'n' }),
  rename: ({ name }) => ({ name }),
  forget: () => {},
  lie: () => ({}) as { promised: string },
};
const counter = createCounter(shop, implementation, {
  onFault: (name, error) => void faults.push(`${name}: ${error}`),
});

async function ask(method: string, url: string, more: { body?: string; headers?: Record<string, string> } = {}) {
  const { body = '', headers = {} } = more;
  const readBody = async () => parseJson(body, headers['content-type']);
  const answer = await counter.answer({ method, url, headers, readBody });
  return { ...answer, value: answer.body === '' ? undefined : JSON.parse(answer.body) };
}

const wire: ApiCarrier = {
  service: 'shop',
  async fetch(path, options = {}) {
    const headers = options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey };
    const answer = await ask(options.method ?? 'GET', path, { body: JSON.stringify(options.json ?? ''), headers });
    const { status, value } = answer;
    return { status, ok: status < 300, json: async <T>() => value as T, discard: async () => {} };
  },
};
const client = apiClient(shop, wire);

test('both sides: typed calls, keys, path, query and nothing to answer', async () => {
  assert.deepEqual(await client.charge({ order: 'a', cents: 5 }), { receipt: 'a:5:36' });
  assert.deepEqual(await client.receipt({ id: 'a/b ?', page: 2, deep: false, tags: ['x', 'y'] }), {
    cents: 7,
    asked: { id: 'a/b ?', page: 2, deep: false, tags: ['x', 'y'] },
  });
  assert.deepEqual(await client.newest(), { id: 'n' });
  assert.deepEqual(await client.rename({ id: '1', name: 'n' }), { name: 'n' });
  assert.equal(await client.forget({ id: '1' }), undefined);
});

test('a refusal and a broken promise are errors with a name', async () => {
  const refusal = await client.charge({ order: 'a', cents: 5000 }).catch((error: unknown) => error);
  assert.ok(isHaleError(refusal));
  assert.equal(refusal.code, 'HALE_SDK_API_REFUSED');
  assert.deepEqual(refusal.details, { status: 402, error: { code: 'TOO_DEAR', message: 'no', most: 1000 } });
  faults.length = 0;
  assert.equal((await ask('POST', '/lie')).status, 500);
  assert.match(faults[0] ?? '', /lie: .*promised/);
  const other = apiClient(api({ newest: { ...shop.operations.newest, out: z.object({ id: z.int() }) } }), wire);
  const mismatch = await other.newest().catch((error: unknown) => error);
  assert.ok(isHaleError(mismatch) && mismatch.code === 'HALE_SDK_API_MISMATCH');
});

const keyed = { 'idempotency-key': 'k' };
const rows: readonly [
  name: string,
  method: string,
  url: string,
  more: Parameters<typeof ask>[2],
  status: number,
  said: RegExp,
][] = [
  [
    'fields that do not fit',
    'POST',
    '/charge',
    { body: '{"order":"","cents":-1}', headers: keyed },
    400,
    /order: .*cents: /,
  ],
  ['no key', 'POST', '/charge', { body: '{"order":"a","cents":1}' }, 400, /Idempotency-Key/],
  ['no body', 'POST', '/charge', { headers: keyed }, 400, /does not fit/],
  ['half a body', 'POST', '/charge', { body: '{"order":', headers: keyed }, 415, /not JSON/],
  [
    'another type',
    'POST',
    '/charge',
    { body: 'a=b', headers: { ...keyed, 'content-type': 'text/plain' } },
    415,
    /text\/plain/,
  ],
  ['a list for an object', 'POST', '/charge', { body: '[]', headers: keyed }, 400, /does not fit/],
  ['text for a number in the query', 'GET', '/receipts/1?page=many', {}, 400, /page: /],
  ['a method it does not take', 'PATCH', '/charge', {}, 405, /PATCH/],
  ['no such path', 'GET', '/nowhere', {}, 404, /nowhere/],
  ['a path that cannot be decoded', 'GET', '/receipts/%E0%A4%A', {}, 404, /receipts/],
  ['an empty parameter', 'GET', '/receipts/', {}, 404, /receipts/],
  ['somebody after our prototype', 'GET', '/receipts/1?__proto__=1&constructor=2', {}, 200, /"id":"1"/],
];

for (const [name, method, url, more, status, said] of rows) {
  test(`the counter: ${name}`, async () => {
    const answer = await ask(method, url, more);
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.body, said);
  });
}

test('it describes itself as OpenAPI; what cannot be described says so', async () => {
  const { value } = await ask('GET', '/openapi.json');
  assert.equal(value.openapi, '3.1.0');
  const { get } = value.paths['/receipts/{id}'];
  assert.deepEqual(
    get.parameters.map((one: { name: string; in: string }) => `${one.in} ${one.name}`),
    ['path id', 'query page', 'query deep', 'query tags'],
  );
  assert.equal(
    value.paths['/charge'].post.requestBody.content['application/json'].schema.properties.cents.type,
    'integer',
  );
  assert.match(JSON.stringify(value.paths['/orders/{id}'].put.requestBody), /gives no JSON Schema/);
});

test('a definition with faults names them all', () => {
  assert.throws(
    () => api({ 'no good': {}, a: { path: 'x' }, b: { path: '/x{id}' }, c: { path: '/c/{x}' }, d: { path: '/c/{y}' } }),
    /no good: a name.*a: 'x' is not.*b: a parameter.*d: POST \/c\/\{\} is the place of c/,
  );
});
