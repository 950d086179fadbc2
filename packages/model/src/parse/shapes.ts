// The shape of every object of the declaration, as zod schemas whose leaves are our own readers; and the walk that
// finds fields nobody knows. A field that this version does not act on is a problem: silence would be a broken promise.
import type { Problem } from '@hale/base';
import { z } from 'zod';
import type { EnvReference, SecretReference } from '../declaration.ts';
import { replicasMax, standbysMax } from '../defaults.ts';
import { errorAt, type Path, suggest } from './problems.ts';
import {
  describe,
  type Read,
  type Reader,
  readArgv,
  readAvailability,
  readBytes,
  readDuration,
  readFlag,
  readOneOf,
  readPort,
  readText,
  readWhole,
} from './readers.ts';

const minute = 60_000;
const hour = 60 * minute;

/** An optional field read by `reader`. */
function field<T>(reader: Reader<T>) {
  return z
    .unknown()
    .optional()
    .transform((input, context): T | undefined => {
      if (input === undefined) return undefined;
      const read: Read<T> = reader(input);
      if ('value' in read) return read.value;
      context.addIssue({ code: 'custom', message: read.complaint.message, params: { hint: read.complaint.hint } });
      return z.NEVER;
    });
}

const names: Reader<readonly unknown[]> = (input) =>
  Array.isArray(input)
    ? { value: input }
    : { complaint: { message: `expected a list of names, got ${describe(input)}`, hint: "write ['name']" } };

const portOrNone: Reader<number | false> = (input) => (input === false ? { value: false } : readPort(input));

const replicas: Reader<number> = (input) => {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
    const { min, max } = input as { min?: unknown; max?: unknown };
    const crossed = typeof min === 'number' && typeof max === 'number' && min > max;
    return {
      complaint: {
        message: `${crossed ? `the minimum ${min} is above the maximum ${max}; and ` : ''}this version does not act on { min, max } yet: it does not scale by itself`,
        hint: `write a number: replicas: ${typeof min === 'number' ? min : 2}`,
      },
    };
  }
  return readWhole({ min: 1, max: replicasMax })(input);
};

const probeFields = {
  http: field((input) => {
    const read = readText(input);
    if ('complaint' in read || read.value.startsWith('/')) return read;
    return { complaint: { message: `'${read.value}' is not a path`, hint: `write '/${read.value}'` } };
  }),
  tcp: field((input) =>
    input === true
      ? { value: true as const }
      : { complaint: { message: `expected true, got ${describe(input)}`, hint: 'write tcp: true, or leave it out' } },
  ),
  exec: field(readArgv),
  every: field(readDuration('1s', { min: 100, max: hour })),
  timeout: field(readDuration('1s', { min: 10, max: 10 * minute })),
  failures: field(readWhole({ min: 1, max: 100 })),
  successes: field(readWhole({ min: 1, max: 100 })),
};

export const probeShape = z.object(probeFields);
export const startupShape = z.object({
  ...probeFields,
  within: field(readDuration('60s', { min: 100, max: hour })),
});
export type ProbeShape = z.output<typeof startupShape>;

export const probesShape = z.object({
  startup: startupShape.optional(),
  ready: z.union([z.literal(false), probeShape]).optional(),
  live: probeShape.optional(),
});

export const serviceShape = z.object({
  kind: z.literal('service'),
  run: field(readText),
  command: field(readArgv),
  cwd: field(readText),
  env: z.record(z.string(), z.unknown()).optional(),
  envFile: field(readText),
  port: field(portOrNone),
  replicas: field(replicas),
  zones: field(names),
  uses: field(names),
  probes: probesShape.optional(),
  hang: z
    .object({
      after: field(readDuration('3s', { min: 500, max: hour })),
      action: field(readOneOf('replace', 'observe')),
    })
    .optional(),
  limits: z.object({ memory: field(readBytes('512MB', { min: 16e6, max: 1e13 })) }).optional(),
  grace: z
    .object({
      drain: field(readDuration('250ms', { min: 0, max: 10 * minute })),
      stop: field(readDuration('10s', { min: 0, max: 10 * minute })),
    })
    .optional(),
  slo: z
    .object({ availability: field(readAvailability), p99: field(readDuration('300ms', { min: 1, max: hour })) })
    .optional(),
  idempotencyKeys: field(readFlag),
  api: field(readText),
});
export type ServiceShape = z.output<typeof serviceShape>;

const readReference =
  (hint: string): Reader<EnvReference | SecretReference> =>
  (input) => {
    const { kind, name } = (input ?? {}) as { kind?: unknown; name?: unknown };
    if ((kind === 'env' || kind === 'secret') && typeof name === 'string')
      return { value: input as EnvReference | SecretReference };
    // What is text here is a secret by now: it is not repeated.
    const got = typeof input === 'string' ? 'text' : describe(input);
    return { complaint: { message: `expected secret() or env(), got ${got}`, hint } };
  };

const backupShape = z.object({
  to: field(readText),
  keep: field(readDuration('14d', { min: hour, max: 3_650 * 24 * hour })),
  every: field(readDuration('1d', { min: 1_000, max: 365 * 24 * hour })),
  prove: field(readDuration('7d', { min: 1_000, max: 365 * 24 * hour })),
  pitr: field(readFlag),
  synchronous: field(readFlag),
  encrypt: field(readReference("write encrypt: secret('BACKUP_KEY'): a key in plain text would be no secret")),
});
export type BackupShape = z.output<typeof backupShape>;

export const objectStoreShape = z.object({ kind: z.literal('object-store'), url: field(readText) });

export const postgresShape = z.object({
  kind: z.literal('postgres'),
  database: field(readText),
  port: field(readPort),
  bin: field(readText),
  url: field(readReference("write url: secret('DATABASE_URL'): it holds a password")),
  standbys: field(readWhole({ min: 0, max: standbysMax })),
  durability: field(readOneOf('no-acked-loss', 'available')),
  backup: backupShape.optional(),
});
export type PostgresShape = z.output<typeof postgresShape>;

export const gatewayShape = z.object({
  port: field(readWhole({ min: 0, max: 65_535 })),
  host: field(readText),
  workers: field(readWhole({ min: 1, max: 64 })),
  routes: z.record(z.string(), z.unknown()).optional(),
  timeout: field(readDuration('30s', { min: 10, max: hour })),
  tryTimeout: field(readDuration('10s', { min: 10, max: hour })),
  hold: field(readDuration('10s', { min: 0, max: hour })),
  bodyMax: field(readBytes('1MB', { min: 0, max: 1e9 })),
  tls: z
    .object({ cert: field(readText), key: field(readText), port: field(readWhole({ min: 0, max: 65_535 })) })
    .optional(),
});
export const haproxyShape = gatewayShape.extend({ kind: z.literal('haproxy'), bin: field(readText) });
export const nginxShape = gatewayShape.extend({
  kind: z.literal('nginx'),
  bin: field(readText),
  include: field(readText),
  reload: field(readArgv),
  check: field(readArgv),
});
export type GatewayShape = z.output<typeof gatewayShape> &
  Partial<Omit<z.output<typeof nginxShape>, 'kind' | keyof z.output<typeof gatewayShape>>>;

export const systemShape = z.object({
  name: field(readText),
  zones: field(names),
  regions: field(names),
  services: z.record(z.string(), z.unknown()).optional(),
  resources: z.record(z.string(), z.unknown()).optional(),
  gateway: z.unknown().optional(),
});

/** Fields of the design that later versions act on, with what to do today. */
const laterFields: Readonly<Record<string, string>> = {
  scale: 'leave it out, and set replicas to a number',
  alerts: 'leave it out: incidents stand in `hale incidents` and on the dashboard',
  cpu: 'leave it out: only memory is limited yet',
  schedule: 'leave it out',
  canary: 'leave it out',
};

/** Reads `input` by `schema`; gives what could be read and every problem, unknown fields included. */
export function readShape<T extends z.ZodType>(
  schema: T,
  input: unknown,
  path: Path,
): { readonly value: z.output<T> | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [...unknownFields(schema, input, path)];
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data, problems };
  for (const issue of result.error.issues) problems.push(...problemsOfIssue(issue, input, path));
  return { value: undefined, problems };
}

function problemsOfIssue(issue: z.core.$ZodIssue, input: unknown, base: Path): readonly Problem[] {
  const at = issue.path.filter((step) => typeof step !== 'symbol');
  const path = [...base, ...at];
  if (issue.code === 'custom') {
    return [errorAt(path, { message: issue.message, hint: String(issue.params?.['hint'] ?? 'see docs/reference') })];
  }
  if (issue.code === 'invalid_union') {
    // The only unions are "false or an object": the object's own issues say most.
    const branch = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a))[0] ?? [];
    if (depthOf(branch) > 0) return branch.flatMap((inner) => problemsOfIssue(inner, valueAt(input, at), path));
  }
  const found = describe(valueAt(input, at));
  return [errorAt(path, { message: `expected an object, got ${found}`, hint: 'write it between braces: { ... }' })];
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], input);
}

function unknownFields(schema: z.core.$ZodType, input: unknown, path: Path): readonly Problem[] {
  if (typeof input !== 'object' || input === null) return [];
  if (schema instanceof z.ZodOptional) return unknownFields(schema.unwrap(), input, path);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => unknownFields(option, input, path));
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Readonly<Record<string, z.core.$ZodType>>;
  const known = Object.keys(shape).filter((key) => key !== 'kind');
  return Object.entries(input).flatMap(([key, value]) => {
    const inner = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (inner !== undefined) return unknownFields(inner, value, [...path, key]);
    if (value === undefined) return [];
    const later = Object.hasOwn(laterFields, key) ? laterFields[key] : undefined;
    return later === undefined
      ? [errorAt([...path, key], { message: `unknown field '${key}'`, hint: suggest(key, known, 'field') })]
      : [errorAt([...path, key], { message: `this version does not act on '${key}' yet`, hint: later })];
  });
}
