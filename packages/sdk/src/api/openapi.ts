// The contract in the words of everybody: an OpenAPI 3.1 document made from the operations. Nothing in it is guessed: a schema that
// cannot describe itself becomes `{}` with a sentence that says so.
import type { JsonSchema, OpenApiDocument, OpenApiOperation, OpenApiParameter, SchemaOrBoolean } from '@hale/model';
import type { ApiRoute } from './definition.ts';
import { describeSchema } from './standard-schema.ts';

export interface ApiInfo {
  readonly title?: string;
  readonly version?: string;
  readonly description?: string;
}

const undescribed: JsonSchema = { description: 'checked by the service, but its schema library gives no JSON Schema' };

export function describeApi(routes: readonly ApiRoute[], info: ApiInfo): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = describeOperation(route);
    paths[route.path] = path;
  }
  const { title = 'api', version = '1', description } = info;
  return {
    openapi: '3.1.0',
    info: { title, version, ...(description === undefined ? {} : { description }) },
    paths,
    components: { schemas: { Error: errorSchema } },
  };
}

function describeOperation({ name, hasBody, parts, definition }: ApiRoute): OpenApiOperation {
  const schema = inputSchema(definition);
  const inPath = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.field]));
  const parameters: OpenApiParameter[] = inPath.map((field) => ({
    name: field,
    in: 'path',
    required: true,
    schema: schema?.properties?.[field] ?? { type: 'string' },
  }));
  const rest = without(schema, inPath);
  if (!hasBody)
    for (const [field, fieldSchema] of Object.entries(rest?.properties ?? {}))
      parameters.push({
        name: field,
        in: 'query',
        required: rest?.required?.includes(field) ?? false,
        schema: fieldSchema,
      });
  if (definition.requiresKey === true)
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: true,
      schema: { type: 'string', maxLength: 255 },
    });
  return {
    operationId: name,
    ...(definition.summary === undefined ? {} : { summary: definition.summary }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(hasBody && rest !== undefined
      ? { requestBody: { required: true, content: { 'application/json': { schema: rest } } } }
      : {}),
    responses: {
      ...answerOf(definition),
      400: { description: 'the request does not fit', content: errorContent },
    },
  };
}

function answerOf(definition: ApiRoute['definition']): NonNullable<OpenApiOperation['responses']> {
  if (definition.out === undefined) return { 204: { description: 'done' } };
  const schema = definition.described?.out ?? describeSchema(definition.out, 'output') ?? undescribed;
  return { 200: { description: 'done', content: { 'application/json': { schema } } } };
}

/** What goes in, as JSON Schema; undefined when nothing does. */
export function inputSchema(definition: ApiRoute['definition']): JsonSchema | undefined {
  if (definition.in === undefined) return undefined;
  return definition.described?.in ?? describeSchema(definition.in, 'input') ?? undescribed;
}

function without(schema: JsonSchema | undefined, fields: readonly string[]): JsonSchema | undefined {
  if (schema?.properties === undefined || fields.length === 0) return schema;
  const properties: Record<string, SchemaOrBoolean> = { ...schema.properties };
  for (const field of fields) delete properties[field];
  if (Object.keys(properties).length === 0 && Object.keys(schema.properties).length > 0) return undefined;
  return { ...schema, properties, required: (schema.required ?? []).filter((one) => !fields.includes(one)) };
}

const errorSchema: JsonSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        hint: { type: 'string' },
        problems: {
          type: 'array',
          items: { type: 'object', properties: { path: { type: 'string' }, message: { type: 'string' } } },
        },
      },
    },
  },
};
const errorContent = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
