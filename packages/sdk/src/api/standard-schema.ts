// The plug that every schema library fits: Standard Schema v1 (standardschema.dev), spelled out as a shape, so that zod, valibot, ArkType
// and the rest can be used without being imported here. Where the library can also describe itself (Standard JSON Schema), the
// description goes into the OpenAPI document; where it cannot, the document says so instead of guessing.
import type { JsonSchema } from '@hale/model';

export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => ValidationResult<Output> | Promise<ValidationResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: string }) => Record<string, unknown>;
      readonly output: (options: { readonly target: string }) => Record<string, unknown>;
    };
  };
}

export type ValidationResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly ValidationIssue[] };

export interface ValidationIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a caller may hand over. */
export type InputOf<S> = S extends StandardSchema<infer Input, infer _> ? Input : undefined;
/** What comes out of the check. */
export type OutputOf<S> = S extends StandardSchema<infer _, infer Output> ? Output : undefined;

/** A fault in a value, for people: where and what. */
export interface SchemaProblem {
  /** 'lines[0].sku'; '' is the whole value. */
  readonly path: string;
  readonly message: string;
}

export type Checked =
  | { readonly kind: 'fits'; readonly value: unknown }
  | { readonly kind: 'misfit'; readonly problems: readonly SchemaProblem[] };

const problemsMax = 50;

/** Checks `value`; without a schema everything fits. */
export async function check(schema: StandardSchema | undefined, value: unknown): Promise<Checked> {
  if (schema === undefined) return { kind: 'fits', value };
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return { kind: 'fits', value: result.value };
  const problems = result.issues
    .slice(0, problemsMax)
    .map((issue) => ({ path: pathOf(issue), message: issue.message }));
  return { kind: 'misfit', problems };
}

/** The schema's description of itself, or undefined when its library gives none. */
export function describeSchema(
  schema: StandardSchema | undefined,
  direction: 'input' | 'output',
): JsonSchema | undefined {
  const describe = schema?.['~standard'].jsonSchema?.[direction];
  if (describe === undefined) return undefined;
  try {
    const { $schema: _ours, ...described } = describe({ target: 'draft-2020-12' });
    return described as JsonSchema;
  } catch {
    // Something in it cannot be said in JSON Schema (a transform, a class): then it is not described.
    return undefined;
  }
}

function pathOf({ path = [] }: ValidationIssue): string {
  let text = '';
  for (const step of path) {
    const key = typeof step === 'object' ? step.key : step;
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}
