// An API as everybody writes it down: the part of OpenAPI 3 that Hale reads and writes. Plain JSON; nothing is checked here.
// What is not listed is carried along and means nothing to us.

/** The part of JSON Schema (draft 2020-12) that is compared; `true` and `{}` accept everything. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaOrBoolean>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaOrBoolean;
  readonly items?: SchemaOrBoolean;
  readonly anyOf?: readonly SchemaOrBoolean[];
  readonly oneOf?: readonly SchemaOrBoolean[];
  readonly allOf?: readonly SchemaOrBoolean[];
  readonly nullable?: boolean;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number | boolean;
  readonly exclusiveMaximum?: number | boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly description?: string;
  readonly default?: unknown;
}

export type SchemaOrBoolean = JsonSchema | boolean;

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: SchemaOrBoolean;
}

export interface OpenApiContent {
  readonly [mediaType: string]: { readonly schema?: SchemaOrBoolean };
}

export interface OpenApiOperation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content?: OpenApiContent };
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: OpenApiContent }>>;
}

export const httpMethods = ['get', 'put', 'post', 'delete', 'patch', 'options', 'head', 'trace'] as const;
export type HttpMethod = (typeof httpMethods)[number];

export type OpenApiPath = { readonly [Method in HttpMethod]?: OpenApiOperation } & {
  readonly parameters?: readonly OpenApiParameter[];
};

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths: Readonly<Record<string, OpenApiPath>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, SchemaOrBoolean>> };
}

/** True when `value` looks like an OpenAPI 3 document; its inside is not looked at. */
export function isOpenApiDocument(value: unknown): value is OpenApiDocument {
  if (typeof value !== 'object' || value === null) return false;
  const { openapi, paths } = value as { openapi?: unknown; paths?: unknown };
  return typeof openapi === 'string' && openapi.startsWith('3.') && typeof paths === 'object' && paths !== null;
}

/** Follows a `$ref` inside the document (`#/components/schemas/Charge`); undefined when it leads nowhere. */
export function followReference(document: OpenApiDocument, reference: string): SchemaOrBoolean | undefined {
  if (!reference.startsWith('#/')) return undefined;
  let at: unknown = document;
  for (const step of reference.slice(2).split('/')) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at as SchemaOrBoolean;
}
