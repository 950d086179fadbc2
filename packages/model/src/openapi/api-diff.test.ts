// What breaks callers and what does not, one line each: a request or an answer before, the same after, and what is said of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import fc from 'fast-check';
import { diffApis } from './api-diff.ts';
import type { JsonSchema, OpenApiDocument, OpenApiOperation } from './document.ts';
import { misfits } from './schema-fit.ts';

const info = { title: 't', version: '1' };
const document = (operation: OpenApiOperation | undefined, path = '/charge'): OpenApiDocument => ({
  openapi: '3.1.0',
  info,
  paths: operation === undefined ? {} : { [path]: { post: operation } },
});
const asks = (schema: JsonSchema): OpenApiOperation => ({
  requestBody: { required: true, content: { 'application/json': { schema } } },
});
const answers = (schema: JsonSchema): OpenApiOperation => ({
  responses: { 200: { content: { 'application/json': { schema } } } },
});
const object = (properties: Record<string, JsonSchema>, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
});
const text: JsonSchema = { type: 'string' };
const whole: JsonSchema = { type: 'integer' };

const rows: readonly [
  name: string,
  before: OpenApiOperation | undefined,
  after: OpenApiOperation | undefined,
  breaking: readonly string[],
][] = [
  ['nothing changed', asks(object({ a: text })), asks(object({ a: text })), []],
  ['an operation is gone', asks({}), undefined, ['is gone']],
  ['an operation is new', undefined, asks({}), []],
  [
    'a new required field of a request',
    asks(object({ a: text }, ['a'])),
    asks(object({ a: text, b: text }, ['a', 'b'])),
    ['request body: b is not there'],
  ],
  ['a new optional field of a request', asks(object({ a: text })), asks(object({ a: text, b: text })), []],
  [
    'a field becomes required',
    asks(object({ a: text })),
    asks(object({ a: text }, ['a'])),
    ['request body: a may be missing'],
  ],
  ['a field becomes optional', asks(object({ a: text }, ['a'])), asks(object({ a: text })), []],
  [
    'a type changes',
    asks(object({ a: text })),
    asks(object({ a: whole })),
    ['request body: a string is not among integer'],
  ],
  ['a request widens', asks(object({ a: whole })), asks(object({ a: { type: 'number' } })), []],
  [
    'an answer widens',
    answers(object({ a: whole })),
    answers(object({ a: { type: 'number' } })),
    ['answer 200: a number is not among integer'],
  ],
  ['an answer narrows', answers(object({ a: { type: 'number' } })), answers(object({ a: whole })), []],
  [
    'a field leaves the answer',
    answers(object({ a: text, b: text }, ['a', 'b'])),
    answers(object({ a: text }, ['a'])),
    ['answer 200: b is not there'],
  ],
  [
    'a field joins a strict answer',
    answers({ ...object({ a: text }), additionalProperties: false }),
    answers(object({ a: text, b: text })),
    [],
  ],
  [
    'a strict request forgets a field',
    asks(object({ a: text, b: text })),
    asks({ ...object({ a: text }), additionalProperties: false }),
    ['request body: b is refused as unknown'],
  ],
  ['a choice goes', asks({ enum: ['a', 'b'] }), asks({ enum: ['a'] }), ['request body "b" is not among "a"']],
  [
    'a choice joins the answer',
    answers({ enum: ['a'] }),
    answers({ enum: ['a', 'b'] }),
    ['answer 200 "b" is not among "a"'],
  ],
  [
    'a bound is tightened',
    asks({ type: 'integer', maximum: 10 }),
    asks({ type: 'integer', maximum: 5 }),
    ['request body value was at most 10, is at most 5'],
  ],
  [
    'a list of things',
    asks({ type: 'array', items: text }),
    asks({ type: 'array', items: whole }),
    ['request body: [] string is not among integer'],
  ],
  ['one of several still fits', asks(text), asks({ anyOf: [whole, text] }), []],
  [
    'none of several fits',
    asks(text),
    asks({ anyOf: [whole, { type: 'boolean' }] }),
    ['request body fits none of the alternatives'],
  ],
  ['null is spelled two ways', asks({ type: 'string', nullable: true }), asks({ anyOf: [text, { type: 'null' }] }), []],
  ['a success is gone', answers(text), { responses: { 204: {} } }, ['answer 200 is gone']],
  ['a body is required now', { responses: {} }, asks(text), ['a request body is required now']],
  [
    'a query parameter is required now',
    { parameters: [{ name: 'q', in: 'query' }] },
    { parameters: [{ name: 'q', in: 'query', required: true }] },
    ['query parameter q is required now'],
  ],
];

for (const [name, before, after, expected] of rows) {
  test(`api diff: ${name}`, () => {
    const breaking = diffApis(document(before), document(after)).filter((one) => one.breaking);
    assert.deepEqual(
      breaking.map((one) => one.message),
      expected,
    );
  });
}

test('a renamed path parameter is the same path, and references are followed', () => {
  const shared = { components: { schemas: { A: object({ a: text }) } } };
  const before = { ...document(asks({ $ref: '#/components/schemas/A' }), '/a/{id}'), ...shared };
  const after = { ...document(asks(object({ a: whole })), '/a/{key}'), ...shared };
  assert.deepEqual(
    diffApis(before, after).map((one) => `${one.operation} ${one.message}`),
    ['POST /a/{} request body: a string is not among integer'],
  );
});

test('a schema that refers to itself ends', () => {
  const loop = { components: { schemas: { Tree: object({ left: { $ref: '#/components/schemas/Tree' } }) } } };
  const both = { ...document(asks({ $ref: '#/components/schemas/Tree' })), ...loop };
  assert.deepEqual(diffApis(both, both), []);
});

const leaf = fc.constantFrom<JsonSchema>(text, whole, { type: 'number' }, { enum: ['a', 'b'] }, {});
const schema = fc.letrec<{ node: JsonSchema }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc
      .tuple(
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node'), { noNullPrototype: true }),
        fc.subarray(['a', 'b', 'c']),
      )
      .map(([properties, required]) => ({
        type: 'object',
        properties,
        required: required.filter((each) => Object.hasOwn(properties, each)),
      })),
  ),
})).node;

test('whatever the schema, it fits itself and everything', () => {
  const side = (one: JsonSchema) => ({ document: document(undefined), schema: one });
  fc.assert(
    fc.property(schema, (one) => {
      assert.deepEqual(misfits({ from: side(one), to: side(one), skipsUnknownFields: false }), []);
      assert.deepEqual(misfits({ from: side(one), to: side({}), skipsUnknownFields: false }), []);
    }),
    { seed: 31, numRuns: tries(100, 1_000) },
  );
});
