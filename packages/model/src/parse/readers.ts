// Readers of single values: each takes whatever stands in the declaration and gives the value it means, or a complaint
// with a better line to write. They know nothing of where the value stands.
import { type BytesText, type DurationText, parseBytes, parseDuration } from '@hale/base';
import type { EnvValue } from '../spec.ts';
import type { Complaint } from './problems.ts';

export type Read<T> = { readonly value: T } | { readonly complaint: Complaint };
export type Reader<T> = (input: unknown) => Read<T>;

const bad = (message: string, hint: string): { readonly complaint: Complaint } => ({ complaint: { message, hint } });

/** What was found, in words: 'the number 5', 'a secret()', 'a list'. */
export function describe(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return input.length === 0 ? 'an empty list' : 'a list';
  switch (typeof input) {
    case 'undefined':
      return 'nothing';
    case 'string':
      return input.length > 40 ? `'${input.slice(0, 37)}...'` : `'${input}'`;
    case 'number':
    case 'bigint':
      return `the number ${input}`;
    case 'boolean':
      return String(input);
    case 'object':
      return describeObject(input);
    default:
      return `a ${typeof input}`;
  }
}

function describeObject(input: object): string {
  const kind = (input as { kind?: unknown }).kind;
  if (kind === 'env' || kind === 'secret') return `${kind === 'env' ? 'an' : 'a'} ${kind}()`;
  if (kind === 'object-store') return 'an objectStore()';
  return kind === 'service' || kind === 'postgres' ? `a ${kind}()` : 'an object';
}

/** Text that is not empty. A reference is refused, because only `env` is resolved when a process is spawned. */
export const readText: Reader<string> = (input) => {
  if (typeof input === 'string' && input.trim() !== '') return { value: input };
  if (describe(input).endsWith('secret()') || describe(input).endsWith('env()')) {
    return bad(
      `${describe(input)} cannot stand here: this field is plain text`,
      'references are resolved only in env: { NAME: secret(...) }',
    );
  }
  return bad(
    `expected text, got ${input === '' ? 'empty text' : describe(input)}`,
    "write text between quotes: 'text'",
  );
};

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function readWhole({ min, max }: Range): Reader<number> {
  return (input) => {
    if (typeof input === 'number' && Number.isInteger(input) && input >= min && input <= max) return { value: input };
    const hint = typeof input === 'number' && input > max ? `the largest is ${max}` : `write ${Math.max(min, 1)}`;
    return bad(`expected a whole number from ${min} to ${max}, got ${describe(input)}`, hint);
  };
}

export const readPort: Reader<number> = readWhole({ min: 1, max: 65_535 });

/** A duration between two others, in milliseconds. `example` is shown in hints. */
export function readDuration(example: DurationText, range: Range): Reader<number> {
  return (input) => {
    const ms = typeof input === 'string' ? parseDuration(input) : undefined;
    if (ms === undefined) {
      const better = typeof input === 'number' && input > 0 ? durationText(input) : example;
      return bad(`expected a duration, got ${describe(input)}`, `write a number with ms, s, m, h or d: '${better}'`);
    }
    if (ms < range.min) return bad(`'${input}' is too short`, `write at least '${durationText(range.min)}'`);
    if (ms > range.max) return bad(`'${input}' is too long`, `write at most '${durationText(range.max)}'`);
    return { value: ms };
  };
}

function durationText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** An amount of memory, in bytes. */
export function readBytes(example: BytesText, range: Range): Reader<number> {
  return (input) => {
    const bytes = typeof input === 'string' ? parseBytes(input) : undefined;
    if (bytes === undefined) {
      return bad(
        `expected an amount of bytes, got ${describe(input)}`,
        `write a number with kB, MB, GB, KiB, MiB or GiB: '${example}'`,
      );
    }
    if (bytes < range.min) return bad(`'${input}' is too little`, `write at least '${Math.ceil(range.min / 1e6)}MB'`);
    if (bytes > range.max) return bad(`'${input}' is too much`, `write at most '${Math.floor(range.max / 1e6)}MB'`);
    return { value: bytes };
  };
}

export const readFlag: Reader<boolean> = (input) =>
  typeof input === 'boolean' ? { value: input } : bad(`expected true or false, got ${describe(input)}`, 'write true');

/** A program and its arguments. */
export const readArgv: Reader<readonly string[]> = (input) => {
  if (typeof input === 'string') {
    const words = input
      .trim()
      .split(/\s+/)
      .map((word) => `'${word}'`);
    return bad('expected a list of words, got one text', `write [${words.join(', ')}]: no shell stands between`);
  }
  if (!Array.isArray(input))
    return bad(`expected a list of words, got ${describe(input)}`, "write ['node', 'main.js']");
  if (input.length === 0 || input[0] === '')
    return bad('an empty command', "write the program first: ['node', 'main.js']");
  const odd = input.find((word) => typeof word !== 'string');
  if (odd !== undefined)
    return bad(`every word must be text, found ${describe(odd)}`, `write '${String(odd)}' between quotes`);
  return { value: input as readonly string[] };
};

/** Percent of requests that are answered. */
export const readAvailability: Reader<number> = (input) => {
  if (typeof input !== 'number' || !Number.isFinite(input)) {
    return bad(`expected a percentage, got ${describe(input)}`, 'write 99.9');
  }
  if (input > 0 && input <= 1) {
    const percent = Number((input * 100).toFixed(6));
    return bad(`${input} is a ratio, not a percentage`, `write ${percent >= 100 ? 99.9 : percent}`);
  }
  if (input >= 100) return bad(`${input} % leaves no error budget at all`, 'write less than 100, for example 99.9');
  if (input < 50) return bad(`${input} % is out of range`, 'write between 50 and 100, for example 99.9');
  return { value: input };
};

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A value of a service's environment. */
export const readEnvValue: Reader<EnvValue> = (input) => {
  if (typeof input === 'string') return { value: { kind: 'text', text: input } };
  if (typeof input === 'number' || typeof input === 'boolean') return { value: { kind: 'text', text: String(input) } };
  const { kind, name, fallback } = (typeof input === 'object' && input !== null ? input : {}) as Record<
    string,
    unknown
  >;
  if (kind !== 'env' && kind !== 'secret') {
    return bad(
      `expected text, env() or secret(), got ${describe(input)}`,
      "write 'text', env('NAME', 'fallback') or secret('NAME')",
    );
  }
  if (typeof name !== 'string' || !variableName.test(name)) {
    // What was given may be the secret itself: it is not repeated (INV-12).
    const given = kind === 'secret' ? 'something else' : describe(name);
    return bad(
      `${kind}() needs the name of a variable, got ${given}`,
      `write ${kind}('PAYMENT_KEY'): the name, not the value`,
    );
  }
  if (kind === 'secret') return { value: { kind, name } };
  if (fallback !== undefined && typeof fallback !== 'string') {
    return bad(
      `the fallback of env() is text, got ${describe(fallback)}`,
      `write env('${name}', '${String(fallback)}')`,
    );
  }
  return { value: { kind, name, fallback } };
};

export function readOneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (input) => {
    const word = words.find((known) => known === input);
    return word === undefined
      ? bad(
          `expected ${words.map((known) => `'${known}'`).join(' or ')}, got ${describe(input)}`,
          `write '${words[0]}'`,
        )
      : { value: word };
  };
}
