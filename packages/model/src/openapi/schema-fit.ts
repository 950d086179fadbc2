// Does the old key still open the new lock? Says why a value that one schema allows might be refused by another. For what a caller
// sends, `from` is the old schema and `to` the new; for what it gets back, the other way round: what the new one may answer must be
// among what callers of the old one know. It proves nothing about patterns or formats: where both differ, it says "may not fit".
import { canonicalJson } from '@hale/base';
import { followReference, type JsonSchema, type OpenApiDocument, type SchemaOrBoolean } from './document.ts';

export interface Misfit {
  /** 'amount', 'lines[].sku'; '' is the value itself. */
  readonly path: string;
  readonly why: string;
}

export interface FitSides {
  readonly from: { readonly document: OpenApiDocument; readonly schema: SchemaOrBoolean | undefined };
  readonly to: { readonly document: OpenApiDocument; readonly schema: SchemaOrBoolean | undefined };
  /** Readers of an answer skip fields they do not know; a server that is strict about its input does not. */
  readonly skipsUnknownFields: boolean;
}

const depthMax = 20;
const misfitsMax = 50;

/** Every reason found why a value of `from` may not be one of `to`; none means that it fits. */
export function misfits(sides: FitSides): readonly Misfit[] {
  const found: Misfit[] = [];
  const trail: Trail = { sides, found, depth: 0 };
  compare(sides.from.schema, sides.to.schema, { ...trail, path: '' });
  return found.slice(0, misfitsMax);
}

interface Trail {
  readonly sides: FitSides;
  readonly found: Misfit[];
  readonly depth: number;
}

interface Place extends Trail {
  readonly path: string;
}

function compare(fromGiven: SchemaOrBoolean | undefined, toGiven: SchemaOrBoolean | undefined, place: Place): void {
  if (place.depth > depthMax || place.found.length >= misfitsMax) return;
  const from = plain(fromGiven, place.sides.from.document);
  const to = plain(toGiven, place.sides.to.document);
  if (to === 'nothing') {
    if (from !== 'nothing') say(place, 'nothing is accepted here any more');
    return;
  }
  if (from === 'nothing') return;
  const fromBranches = from.anyOf ?? from.oneOf ?? kindsOf(from);
  if (fromBranches !== undefined) {
    for (const branch of fromBranches) compare(branch, toGiven, { ...place, depth: place.depth + 1 });
    return;
  }
  const toBranches = to.anyOf ?? to.oneOf;
  if (toBranches !== undefined) {
    if (!toBranches.some((branch) => fits(fromGiven, branch, place))) say(place, 'fits none of the alternatives');
    return;
  }
  compareTypes(from, to, place);
  compareChoices(from, to, place);
  compareText(from, to, place);
  compareNumbers(from, to, place);
  compareFields(from, to, place);
  compareItems(from, to, place);
}

function fits(from: SchemaOrBoolean | undefined, to: SchemaOrBoolean | undefined, place: Place): boolean {
  const found: Misfit[] = [];
  compare(from, to, { ...place, found, depth: place.depth + 1 });
  return found.length === 0;
}

function say({ found, path }: Place, why: string): void {
  found.push({ path, why });
}

function deeper(place: Place, step: string): Place {
  const path = step === '' || step.startsWith('[') || place.path === '' ? place.path + step : `${place.path}.${step}`;
  return { ...place, path, depth: place.depth + 1 };
}

/** 'string or null' as two branches: each may fit another alternative. */
function kindsOf(schema: JsonSchema): readonly JsonSchema[] | undefined {
  const { type } = schema;
  return typeof type === 'object' && type.length > 1 ? type.map((one) => ({ ...schema, type: one })) : undefined;
}

/** References followed, `allOf` melted into one, booleans and `nullable` spelled out. */
function plain(given: SchemaOrBoolean | undefined, document: OpenApiDocument, depth = 0): JsonSchema | 'nothing' {
  if (given === undefined || given === true || depth > depthMax) return {};
  if (given === false) return 'nothing';
  if (given.$ref !== undefined) return plain(followReference(document, given.$ref), document, depth + 1);
  if (given.nullable === true && given.type !== undefined) {
    const { nullable: _gone, ...rest } = given;
    return { ...rest, type: [...listOf(given.type), 'null'] };
  }
  if (given.allOf === undefined) return given;
  const { allOf, ...own } = given;
  let melted: JsonSchema = own;
  for (const part of allOf) {
    const one = plain(part, document, depth + 1);
    if (one === 'nothing') return 'nothing';
    melted = {
      ...one,
      ...melted,
      properties: { ...one.properties, ...melted.properties },
      required: [...(one.required ?? []), ...(melted.required ?? [])],
    };
  }
  return melted;
}

function compareTypes(from: JsonSchema, to: JsonSchema, place: Place): void {
  if (to.type === undefined) return;
  const allowed = listOf(to.type);
  if (from.type === undefined) {
    if (from.enum === undefined && from.const === undefined) say(place, `any type before, only ${words(allowed)} now`);
    return;
  }
  const lost = listOf(from.type).filter(
    (type) => !allowed.includes(type) && !(type === 'integer' && allowed.includes('number')),
  );
  if (lost.length > 0) say(place, `${words(lost)} is not among ${words(allowed)}`);
}

function compareChoices(from: JsonSchema, to: JsonSchema, place: Place): void {
  const allowed = choicesOf(to);
  if (allowed === undefined) return;
  const given = choicesOf(from);
  if (given === undefined) {
    say(place, `only ${allowed.map(show).join(', ')} is left to choose from`);
    return;
  }
  const known = new Set(allowed.map(show));
  const lost = given.map(show).filter((value) => !known.has(value));
  if (lost.length > 0) say(place, `${lost.join(', ')} is not among ${[...known].join(', ')}`);
}

function compareText(from: JsonSchema, to: JsonSchema, place: Place): void {
  atMost('length', [from.maxLength, to.maxLength], place);
  atLeast('length', [from.minLength, to.minLength], place);
  for (const rule of ['pattern', 'format'] as const) {
    if (to[rule] !== undefined && to[rule] !== from[rule]) say(place, `may not fit the ${rule} ${to[rule]}`);
  }
}

function compareNumbers(from: JsonSchema, to: JsonSchema, place: Place): void {
  atMost('value', [from.maximum, to.maximum], place);
  atLeast('value', [from.minimum, to.minimum], place);
  atMost('value (exclusive)', [numberOr(from.exclusiveMaximum), numberOr(to.exclusiveMaximum)], place);
  atLeast('value (exclusive)', [numberOr(from.exclusiveMinimum), numberOr(to.exclusiveMinimum)], place);
  if (to.multipleOf !== undefined && ((from.multipleOf ?? 0) % to.multipleOf !== 0 || from.multipleOf === undefined))
    say(place, `has to be a multiple of ${to.multipleOf}`);
}

function compareFields(from: JsonSchema, to: JsonSchema, place: Place): void {
  const given = from.properties ?? {};
  const known = to.properties ?? {};
  const surely = new Set(from.required ?? []);
  for (const name of new Set(to.required ?? []))
    if (!surely.has(name)) say(deeper(place, name), Object.hasOwn(given, name) ? 'may be missing' : 'is not there');
  for (const [name, schema] of Object.entries(known))
    if (Object.hasOwn(given, name)) compare(given[name], schema, deeper(place, name));
  if (place.sides.skipsUnknownFields || to.additionalProperties !== false) return;
  for (const name of Object.keys(given))
    if (!Object.hasOwn(known, name)) say(deeper(place, name), 'is refused as unknown');
}

function compareItems(from: JsonSchema, to: JsonSchema, place: Place): void {
  atMost('number of items', [from.maxItems, to.maxItems], place);
  atLeast('number of items', [from.minItems, to.minItems], place);
  if (from.items !== undefined && to.items !== undefined) compare(from.items, to.items, deeper(place, '[]'));
}

type Bounds = readonly [from: number | undefined, to: number | undefined];

function atMost(what: string, [from, to]: Bounds, place: Place): void {
  if (to === undefined || (from !== undefined && from <= to)) return;
  say(place, `${what} was ${from === undefined ? 'without an upper bound' : `at most ${from}`}, is at most ${to}`);
}

function atLeast(what: string, [from, to]: Bounds, place: Place): void {
  if (to === undefined || (from !== undefined && from >= to)) return;
  say(place, `${what} was ${from === undefined ? 'without a lower bound' : `at least ${from}`}, is at least ${to}`);
}

function choicesOf(schema: JsonSchema): readonly unknown[] | undefined {
  return schema.const === undefined ? schema.enum : [schema.const];
}

function numberOr(value: number | boolean | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function listOf(type: string | readonly string[] | undefined): readonly string[] {
  return type === undefined ? [] : typeof type === 'string' ? [type] : type;
}

function words(list: readonly string[]): string {
  return list.length === 0 ? 'nothing' : list.join(' or ');
}

function show(value: unknown): string {
  return typeof value === 'object' && value !== null ? canonicalJson(value as never) : JSON.stringify(value);
}
