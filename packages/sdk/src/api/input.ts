// Gathers what a caller sent from where it stands (path, query, JSON body) into one object. Path and query know only text, so a field
// whose schema asks for a number or a boolean is read as one; what does not read so stays text, and the schema says what is wrong.
import type { JsonSchema, SchemaOrBoolean } from '@hale/model';
import type { ApiRoute } from './definition.ts';
import { inputSchema } from './openapi.ts';

export interface RouteMatch {
  readonly route: ApiRoute;
  readonly fields: Readonly<Record<string, string>>;
}

export interface Routes {
  /** `allowed`: the methods of this path, where none is the asked one. */
  find(method: string, path: string): RouteMatch | { readonly allowed: readonly string[] };
}

/** Finds operations by path; literal parts win over parameters. */
export function createRoutes(routes: readonly ApiRoute[]): Routes {
  const literalFirst = [...routes].sort((a, b) => parametersOf(a) - parametersOf(b));
  return {
    find(method, path) {
      const given = path.split('/');
      const allowed = new Set<string>();
      for (const route of literalFirst) {
        const fields = match(route, given);
        if (fields === undefined) continue;
        if (route.method === method) return { route, fields };
        allowed.add(route.method);
      }
      return { allowed: [...allowed] };
    },
  };
}

function parametersOf(route: ApiRoute): number {
  return route.parts.filter((part) => typeof part !== 'string').length;
}

function match(route: ApiRoute, given: readonly string[]): Record<string, string> | undefined {
  if (route.parts.length !== given.length) return undefined;
  const fields: Record<string, string> = {};
  for (const [index, part] of route.parts.entries()) {
    const text = given[index] ?? '';
    if (typeof part === 'string') {
      if (part !== text) return undefined;
      continue;
    }
    const decoded = decode(text);
    if (decoded === undefined || decoded === '') return undefined;
    fields[part.field] = decoded;
  }
  return fields;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The input of an operation; `body` is what was parsed of the JSON body. */
export function gatherInput({ route, fields }: RouteMatch, query: string, body: unknown): unknown {
  const { definition, hasBody } = route;
  if (definition.in === undefined) return undefined;
  const properties = inputSchema(definition)?.properties ?? {};
  const named: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(fields)) named[name] = read(text, properties[name]);
  if (hasBody) {
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    return Object.keys(named).length === 0 ? body : { ...(isObject ? body : {}), ...named };
  }
  const params = new URLSearchParams(query);
  for (const name of new Set(params.keys())) {
    if (Object.hasOwn(fields, name) || name === '__proto__') continue;
    const texts = params.getAll(name);
    const schema = properties[name];
    if (typeof schema === 'object' && schema.type === 'array')
      named[name] = texts.map((text) => read(text, schema.items));
    else named[name] = read(texts.at(-1) ?? '', schema);
  }
  return named;
}

function read(text: string, schema: SchemaOrBoolean | undefined): unknown {
  const types = typeof schema === 'object' ? typesOf(schema) : [];
  if (types.includes('string')) return text;
  if ((types.includes('number') || types.includes('integer')) && text.trim() !== '' && Number.isFinite(Number(text)))
    return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function typesOf(schema: JsonSchema): readonly string[] {
  if (schema.type === undefined) return [];
  return typeof schema.type === 'string' ? [schema.type] : schema.type;
}
