// An OpenAPI document as a TypeScript module: an `api({ ... })` of @hale/sdk with zod schemas, so that a contract which came as a file types and
// checks both sides like one written by hand. The module is meant to be rendered again, not edited.

import {
  httpMethods,
  type JsonSchema,
  type OpenApiDocument,
  type OpenApiOperation,
  type OpenApiParameter,
  type SchemaOrBoolean,
} from '@hale/model';
import { camelCase, pascalCase } from './identifier.ts';
import { commentOf, indent, type ZodWriting, zodOf } from './zod-schema.ts';

export interface RenderedModule {
  readonly text: string;
  /** What could not be said, with its place; the module holds `z.unknown()` there. */
  readonly problems: readonly string[];
}

/** Renders `document` as a module. `source`: the file's name, for the first line. */
export function renderZodApi(document: OpenApiDocument, source: string): RenderedModule {
  const problems: string[] = [];
  const schemas = Object.entries(document.components?.schemas ?? {});
  const names = new Map(schemas.map(([key]) => [`#/components/schemas/${key}`, pascalCase(key)]));
  const written = new Set<string>();
  const writing = (at: string): ZodWriting => ({ nameOf: (reference) => names.get(reference), written, problems, at });
  const parts: string[] = [];
  for (const [key, schema] of inOrder(schemas)) {
    const name = pascalCase(key);
    const about = typeof schema === 'object' && schema.description ? commentOf(schema.description) : '';
    parts.push(`${about}export const ${name} = ${zodOf(schema, writing(name))};`);
    written.add(name);
  }
  const operations = operationsOf(document).map((one) => operationText(one, { document, writing, problems }));
  const { title, version, description } = document.info;
  const info = JSON.stringify({ title, version, ...(description === undefined ? {} : { description }) });
  const name = `${camelCase(title)}Api`;
  parts.push(
    `export const ${name} = api(\n  {\n${operations.map((text) => indent(indent(text))).join('\n')}\n  },\n  ${info},\n);`,
  );
  const head = `// Rendered from ${source} with hale render api: render it again instead of editing it.\nimport { api } from '@hale/sdk';\nimport { z } from 'zod';\n`;
  return { text: `${head}\n${parts.join('\n\n')}\n`, problems };
}

interface Found {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
  readonly parameters: readonly OpenApiParameter[];
}

function operationsOf(document: OpenApiDocument): readonly Found[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    httpMethods.flatMap((method) => {
      const operation = item[method];
      if (operation === undefined || method === 'options' || method === 'trace') return [];
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      return [{ method: method.toUpperCase(), path, operation, parameters }];
    }),
  );
}

interface Context {
  readonly document: OpenApiDocument;
  readonly writing: (at: string) => ZodWriting;
  readonly problems: string[];
}

function operationText({ method, path, operation, parameters }: Found, context: Context): string {
  const name = camelCase(operation.operationId ?? `${method.toLowerCase()} ${path.replaceAll(/[{}]/g, '')}`);
  const needsKey = parameters.some((one) => isKey(one) && one.required === true);
  const input = inputText(name, { method, operation, parameters }, context);
  const output = outputText(name, operation, context);
  const lines = [
    `method: '${method}',`,
    `path: ${JSON.stringify(path)},`,
    ...(operation.summary === undefined ? [] : [`summary: ${JSON.stringify(operation.summary)},`]),
    ...(needsKey ? ['requiresKey: true,'] : []),
    ...(input === undefined ? [] : [`in: ${input},`]),
    ...(output === undefined ? [] : [`out: ${output},`]),
  ];
  return `${name}: {\n${indent(lines.join('\n'))}\n},`;
}

function inputText(
  name: string,
  found: Pick<Found, 'method' | 'operation' | 'parameters'>,
  { document, writing, problems }: Context,
): string | undefined {
  const body = jsonSchemaOf(found.operation.requestBody?.content);
  const fields: Record<string, SchemaOrBoolean> = {};
  const required: string[] = [];
  for (const parameter of found.parameters) {
    if (isKey(parameter)) continue;
    if (parameter.in === 'header' || parameter.in === 'cookie') {
      problems.push(
        `${name}: the ${parameter.in} ${parameter.name} is not part of the input; read it from call.headers`,
      );
      continue;
    }
    fields[parameter.name] = parameter.schema ?? { type: 'string' };
    if (parameter.required === true || parameter.in === 'path') required.push(parameter.name);
  }
  if (Object.keys(fields).length === 0) return body === undefined ? undefined : zodOf(body, writing(`${name}.in`));
  const parameters: JsonSchema = { type: 'object', properties: fields, required };
  if (body === undefined) return zodOf(parameters, writing(`${name}.in`));
  const { properties, required: bodyRequired = [] } = resolved(document, body);
  if (properties === undefined) {
    problems.push(`${name}: a body that is no object cannot be joined with parameters; only the parameters are kept`);
    return zodOf(parameters, writing(`${name}.in`));
  }
  const joined: JsonSchema = {
    type: 'object',
    properties: { ...properties, ...fields },
    required: [...bodyRequired, ...required],
  };
  return zodOf(joined, writing(`${name}.in`));
}

function outputText(name: string, operation: OpenApiOperation, { writing }: Context): string | undefined {
  const success = Object.entries(operation.responses ?? {}).find(([status]) => /^2/.test(status));
  const schema = jsonSchemaOf(success?.[1].content);
  return schema === undefined ? undefined : zodOf(schema, writing(`${name}.out`));
}

function jsonSchemaOf(content: NonNullable<OpenApiOperation['requestBody']>['content']): SchemaOrBoolean | undefined {
  const type = Object.keys(content ?? {}).find((one) => /json/.test(one));
  return type === undefined ? undefined : (content?.[type]?.schema ?? {});
}

function isKey(parameter: OpenApiParameter): boolean {
  return parameter.in === 'header' && parameter.name.toLowerCase() === 'idempotency-key';
}

function resolved(document: OpenApiDocument, schema: SchemaOrBoolean): JsonSchema {
  if (typeof schema !== 'object') return {};
  const key = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? '')?.[1];
  const target = key === undefined ? undefined : document.components?.schemas?.[key];
  return typeof target === 'object' ? target : schema;
}

/** Schemas after those they speak of, as far as there are no circles. */
function inOrder(
  schemas: readonly (readonly [string, SchemaOrBoolean])[],
): readonly (readonly [string, SchemaOrBoolean])[] {
  const byKey = new Map(schemas);
  const done = new Set<string>();
  const order: (readonly [string, SchemaOrBoolean])[] = [];
  const visit = (key: string, trail: ReadonlySet<string>) => {
    const schema = byKey.get(key);
    if (schema === undefined || done.has(key) || trail.has(key)) return;
    for (const match of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      visit(match[1]!, new Set([...trail, key]));
    if (done.has(key)) return;
    done.add(key);
    order.push([key, schema]);
  };
  for (const [key] of schemas) visit(key, new Set());
  return order;
}
