// A contract between two services, written once and imported by both: each operation with the shape of what goes in and what comes out.
// It holds no code of either side, so that the caller does not carry the service. Served by server.ts, called by client.ts.
import type { HttpMethod, JsonSchema, OpenApiDocument } from '@hale/model';
import { apiError } from './errors.ts';
import { describeApi } from './openapi.ts';
import type { StandardSchema } from './standard-schema.ts';

export interface OperationDefinition {
  /** What it takes: fields named in `path` come from there, the rest from the JSON body (from the query for GET, HEAD and DELETE). */
  readonly in?: StandardSchema;
  /** What it answers, as JSON. It is checked on both sides, so a schema must accept its own output. Left out: 204 without a body. */
  readonly out?: StandardSchema;
  /** Default POST. */
  readonly method?: Uppercase<Exclude<HttpMethod, 'options' | 'trace'>>;
  /** Default '/' and the operation's name. `{id}` takes the field `id` of the input. */
  readonly path?: string;
  /** True: callers must send an Idempotency-Key; the typed client makes one where none is given. */
  readonly requiresKey?: boolean;
  readonly summary?: string;
  /** For a schema library that cannot describe itself: what stands in the OpenAPI document instead. */
  readonly described?: { readonly in?: JsonSchema; readonly out?: JsonSchema };
}

export type Operations = Readonly<Record<string, OperationDefinition>>;

export interface Api<Ops extends Operations = Operations> {
  readonly kind: 'api';
  readonly operations: Ops;
  /** The same, with every default filled in. */
  readonly routes: readonly ApiRoute[];
  /** OpenAPI 3.1. */
  readonly document: OpenApiDocument;
}

export interface ApiRoute {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** '/orders/{id}' as its parts; a parameter is `{ field }`. */
  readonly parts: readonly (string | { readonly field: string })[];
  readonly hasBody: boolean;
  readonly definition: OperationDefinition;
}

const namePattern = /^[a-zA-Z][a-zA-Z0-9]{0,63}$/;
const operationsMax = 500;

/**
 * Defines an API. Throws HALE_SDK_API_DEFINITION, naming every fault.
 *
 * @example
 * export const paymentsApi = api({
 *   charge: { in: z.object({ order: z.string(), cents: z.int().positive() }), out: z.object({ receipt: z.string() }) },
 *   receipt: { method: 'GET', path: '/receipts/{id}', in: z.object({ id: z.string() }), out: z.object({ cents: z.int() }) },
 * });
 */
export function api<const Ops extends Operations>(
  operations: Ops,
  info: { readonly title?: string; readonly version?: string; readonly description?: string } = {},
): Api<Ops> {
  const routes = Object.entries(operations).map(([name, definition]) => toRoute(name, definition));
  const faults = faultsOf(routes);
  if (faults.length > 0) throw apiError('HALE_SDK_API_DEFINITION', faults.join('; '), { details: { faults } });
  let document: OpenApiDocument | undefined;
  return {
    kind: 'api',
    operations,
    routes,
    get document() {
      document ??= describeApi(routes, info);
      return document;
    },
  };
}

function toRoute(name: string, definition: OperationDefinition): ApiRoute {
  const method = definition.method ?? 'POST';
  const path = definition.path ?? `/${name}`;
  const parts = path.split('/').map((part) => {
    const field = /^\{(\w+)\}$/.exec(part)?.[1];
    return field === undefined ? part : { field };
  });
  return { name, method, path, parts, hasBody: !['GET', 'HEAD', 'DELETE'].includes(method), definition };
}

function faultsOf(routes: readonly ApiRoute[]): readonly string[] {
  const faults: string[] = [];
  const seen = new Map<string, string>();
  if (routes.length === 0 || routes.length > operationsMax) faults.push(`an API has 1 to ${operationsMax} operations`);
  for (const { name, method, path, parts, definition } of routes) {
    const complain = (text: string) => void faults.push(`${name}: ${text}`);
    if (!namePattern.test(name)) complain('a name is letters and digits, and starts with a letter');
    if (!path.startsWith('/') || /[?#\s]/.test(path)) complain(`'${path}' is not a path: write '/charge'`);
    if (parts.some((part) => typeof part === 'string' && /[{}]/.test(part)))
      complain(`a parameter is a whole part of the path: write '/orders/{id}'`);
    for (const side of ['in', 'out'] as const) {
      if (definition[side] !== undefined && typeof definition[side]['~standard']?.validate !== 'function')
        complain(`'${side}' is not a Standard Schema: give one of zod, valibot, ArkType...`);
    }
    const where = `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`;
    const other = seen.get(where);
    if (other !== undefined) complain(`${where} is the place of ${other} already`);
    seen.set(where, name);
  }
  return faults;
}
