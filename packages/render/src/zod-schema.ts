// One JSON Schema as an expression of zod 4: 'z.object({ sku: z.string().max(64) })'. What zod cannot say so is said in a comment and in
// `problems`, never dropped in silence. References become names; one that is not written yet is reached through a getter (cycles).
import type { JsonSchema, SchemaOrBoolean } from '@hale/model';

export interface ZodWriting {
  /** The name of a `$ref`, or undefined when it leads nowhere. */
  readonly nameOf: (reference: string) => string | undefined;
  /** Names that stand above already; others are only reachable lazily. */
  readonly written: ReadonlySet<string>;
  readonly problems: string[];
  /** Where we are, for problems: 'Charge.amount'. */
  readonly at: string;
}

const formats: Readonly<Record<string, string>> = {
  'date-time': 'z.iso.datetime({ offset: true })',
  date: 'z.iso.date()',
  time: 'z.iso.time()',
  email: 'z.email()',
  uuid: 'z.uuid()',
  uri: 'z.url()',
  ipv4: 'z.ipv4()',
  ipv6: 'z.ipv6()',
};

/** The expression; `z.unknown()` for what accepts everything. */
export function zodOf(schema: SchemaOrBoolean | undefined, writing: ZodWriting): string {
  if (schema === undefined || schema === true) return 'z.unknown()';
  if (schema === false) return 'z.never()';
  const base = baseOf(schema, writing);
  const nullable = schema.nullable === true ? '.nullable()' : '';
  const fallback = schema.default === undefined ? '' : `.default(${JSON.stringify(schema.default)})`;
  return `${base}${nullable}${fallback}`;
}

function baseOf(schema: JsonSchema, writing: ZodWriting): string {
  if (schema.$ref !== undefined) {
    const name = writing.nameOf(schema.$ref);
    if (name !== undefined) return name;
    writing.problems.push(`${writing.at}: ${schema.$ref} leads nowhere`);
    return 'z.unknown()';
  }
  if (schema.const !== undefined) return `z.literal(${JSON.stringify(schema.const)})`;
  if (schema.enum !== undefined) return enumOf(schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return unionOf(branches.map((branch) => zodOf(branch, writing)));
  if (schema.allOf !== undefined) {
    const { allOf, ...own } = schema;
    const parts = Object.keys(own).length > 0 ? [...allOf, own as JsonSchema] : allOf;
    return parts.map((part) => zodOf(part, writing)).reduce((left, right) => `z.intersection(${left}, ${right})`);
  }
  if (typeof schema.type === 'object') return unionOf(schema.type.map((type) => typed(type, schema, writing)));
  return typed(schema.type ?? (schema.properties === undefined ? undefined : 'object'), schema, writing);
}

function typed(type: string | undefined, schema: JsonSchema, writing: ZodWriting): string {
  switch (type) {
    case undefined:
      return 'z.unknown()';
    case 'string':
      return textOf(schema);
    case 'integer':
      return `z.int()${boundsOf(schema)}`;
    case 'number':
      return `z.number()${boundsOf(schema)}`;
    case 'boolean':
      return 'z.boolean()';
    case 'null':
      return 'z.null()';
    case 'array': {
      const items = zodOf(schema.items, { ...writing, at: `${writing.at}[]` });
      return `z.array(${items})${calls(['min', schema.minItems], ['max', schema.maxItems])}`;
    }
    case 'object':
      return objectOf(schema, writing);
    default:
      writing.problems.push(`${writing.at}: the type '${type}' is not one of JSON Schema`);
      return 'z.unknown()';
  }
}

function objectOf(schema: JsonSchema, writing: ZodWriting): string {
  const properties = Object.entries(schema.properties ?? {});
  const extra = schema.additionalProperties;
  if (properties.length === 0 && typeof extra === 'object')
    return `z.record(z.string(), ${zodOf(extra, { ...writing, at: `${writing.at}.*` })})`;
  const fields = properties.map(([name, property]) => {
    const required = schema.required?.includes(name) === true;
    const hasDefault = typeof property === 'object' && property.default !== undefined;
    const optional = required || hasDefault ? '' : '.optional()';
    const value = `${zodOf(property, { ...writing, at: `${writing.at}.${name}` })}${optional}`;
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    const about = typeof property === 'object' && property.description ? commentOf(property.description) : '';
    return refersAhead(property, writing) ? `${about}get ${key}() { return ${value}; }` : `${about}${key}: ${value}`;
  });
  const body = fields.length === 0 ? '{}' : `{\n${fields.map((field) => `${indent(field)},`).join('\n')}\n}`;
  if (extra === false) return `z.strictObject(${body})`;
  return extra === undefined ? `z.object(${body})` : `z.looseObject(${body})`;
}

/** Whether a property speaks of a schema that is not written yet (or of the one it stands in). */
function refersAhead(schema: SchemaOrBoolean | undefined, writing: ZodWriting): boolean {
  if (typeof schema !== 'object') return false;
  if (schema.$ref !== undefined) {
    const name = writing.nameOf(schema.$ref);
    return name !== undefined && !writing.written.has(name);
  }
  const inside = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.allOf ?? []),
    schema.items,
    schema.additionalProperties,
  ];
  return inside.some((one) => refersAhead(one, writing));
}

function textOf(schema: JsonSchema): string {
  const base = formats[schema.format ?? ''] ?? 'z.string()';
  const pattern = schema.pattern === undefined ? '' : `.regex(new RegExp(${JSON.stringify(schema.pattern)}))`;
  return `${base}${calls(['min', schema.minLength], ['max', schema.maxLength])}${pattern}`;
}

function boundsOf(schema: JsonSchema): string {
  const { exclusiveMinimum: above, exclusiveMaximum: below, minimum, maximum } = schema;
  return calls(
    [above === true ? 'gt' : 'min', minimum],
    [below === true ? 'lt' : 'max', maximum],
    ['gt', typeof above === 'number' ? above : undefined],
    ['lt', typeof below === 'number' ? below : undefined],
    ['multipleOf', schema.multipleOf],
  );
}

function calls(...pairs: readonly (readonly [method: string, value: number | undefined])[]): string {
  return pairs.map(([method, value]) => (value === undefined ? '' : `.${method}(${value})`)).join('');
}

function enumOf(values: readonly unknown[]): string {
  return values.every((value) => typeof value === 'string')
    ? `z.enum(${JSON.stringify(values)})`
    : unionOf(values.map((value) => `z.literal(${JSON.stringify(value)})`));
}

function unionOf(parts: readonly string[]): string {
  return parts.length === 1 ? parts[0]! : `z.union([${parts.join(', ')}])`;
}

/** One line of it, that cannot end the comment it stands in. */
export function commentOf(text: string): string {
  return `/** ${text.replaceAll(/\s+/g, ' ').replaceAll('*/', '* /').trim().slice(0, 200)} */\n`;
}

export function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? line : `  ${line}`))
    .join('\n');
}
