// A document becomes a module: its text is compared with what a person would write, and hard names and circles with the parts that matter.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenApiDocument } from '@hale/model';
import { renderZodApi } from './zod-api.ts';

const document: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'pay-ments', version: '2' },
  paths: {
    '/charge': {
      post: {
        operationId: 'charge',
        parameters: [{ name: 'Idempotency-Key', in: 'header', required: true }],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Charge' } } },
        },
        responses: {
          201: {
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  required: ['receipt'],
                  properties: { receipt: { type: 'string', format: 'uuid' } },
                },
              },
            },
          },
        },
      },
    },
    '/receipts/{id}': {
      get: {
        parameters: [
          { name: 'id', in: 'path', required: true },
          { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1, default: 1 } },
          { name: 'x-odd', in: 'header' },
        ],
        responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/tree' } } } } },
      },
    },
  },
  components: {
    schemas: {
      Charge: {
        type: 'object',
        required: ['cents'],
        additionalProperties: false,
        properties: {
          cents: { type: 'integer', exclusiveMinimum: 0 },
          currency: { enum: ['EUR', 'USD'] },
          note: { type: ['string', 'null'], maxLength: 9 },
        },
      },
      tree: {
        type: 'object',
        properties: { left: { $ref: '#/components/schemas/tree' }, 'odd name': { $ref: '#/nowhere' } },
      },
    },
  },
};

test('a document as a module', () => {
  const { text, problems } = renderZodApi(document, 'pay.json');
  assert.match(text, /^\/\/ Rendered from pay\.json .*\n.*'@hale\/sdk';\n.*'zod';\n\nexport/);
  assert.equal(
    text.slice(text.indexOf('export')),
    `export const Charge = z.strictObject({
  cents: z.int().gt(0),
  currency: z.enum(["EUR","USD"]).optional(),
  note: z.union([z.string().max(9), z.null()]).optional(),
});

export const Tree = z.object({
  get left() { return Tree.optional(); },
  "odd name": z.unknown().optional(),
});

export const payMentsApi = api(
  {
    charge: {
      method: 'POST',
      path: "/charge",
      requiresKey: true,
      in: Charge,
      out: z.object({
        receipt: z.uuid(),
      }),
    },
    gETReceiptsId: {
      method: 'GET',
      path: "/receipts/{id}",
      in: z.object({
        id: z.string(),
        page: z.int().min(1).default(1),
      }),
      out: Tree,
    },
  },
  {"title":"pay-ments","version":"2"},
);
`.replace('gETReceiptsId', 'getReceiptsId'),
  );
  assert.deepEqual(problems, [
    'Tree.odd name: #/nowhere leads nowhere',
    'getReceiptsId: the header x-odd is not part of the input; read it from call.headers',
  ]);
});

test('hostile words stay words', () => {
  const { text } = renderZodApi(
    {
      openapi: '3.0.0',
      info: { title: "'); evil(", version: '1' },
      paths: { "/a'`${x}": { get: { operationId: 'class', summary: '*/ `x`' } } },
      components: { schemas: { '1x': { description: '*/ evil()', type: 'string' } } },
    },
    'x.json',
  );
  assert.match(text, /export const evilApi = api/);
  assert.match(text, / class: \{/);
  assert.match(text, /\/\*\* \* \/ evil\(\) \*\/\nexport const _1x = z.string\(\);/);
});
