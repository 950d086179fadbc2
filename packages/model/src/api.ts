// The counter of the control room: what may be asked over HTTP, and what comes back. Requests are parsed here (never
// trusted, and by hand: whoever stays in memory for this must not hold a whole library of schemas); answers are the types of
// view.ts. Every path needs the token of api.json in `authorization: Bearer ...`.
import type { Parsed, Problem } from '@hale/base';
import { replicasMax } from './defaults.ts';
import type { Order } from './event.ts';
import type { IncidentId, ReplicaId } from './names.ts';

export const apiPaths = {
  /** GET -> SystemView */
  system: '/api/v1/system',
  /** GET -> TrafficView */
  traffic: '/api/v1/traffic',
  /** GET ?after=<seq>&limit=<n> -> FeedLine[], oldest first */
  feed: '/api/v1/feed',
  /** POST OrderRequest -> OrderAnswer */
  orders: '/api/v1/orders',
  /** POST DeclareRequest -> DeclareAnswer */
  declare: '/api/v1/declare',
} as const;

export interface OrderRequest {
  readonly order: Order;
}

export interface OrderAnswer {
  /** Stands in OrderReceived: what becomes of the order is told in the feed. */
  readonly id: string;
}

/** Follow `.hale/releases/<release>.json`, which the caller has written. */
export interface DeclareRequest {
  readonly release: number;
}

export interface DeclareAnswer {
  readonly release: number;
}

/** Every answer that is not 2xx. */
export interface ApiError {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

export interface FeedQuery {
  readonly after: number;
  readonly limit: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the fields of one object; the first thing that is wrong with each is kept, with its path. */
interface Form {
  text(name: string, pattern: RegExp, expected: string): string;
  whole(name: string, bounds: { readonly min: number; readonly max: number }): number;
  has(name: string): boolean;
  readonly problems: readonly Omit<Problem, 'hint'>[];
}

const unitPattern = /^[a-z][a-z0-9-]{0,39}$/;
const replicaPattern = /^[a-z][a-z0-9-]{0,39}\/\d{1,4}$/;
const incidentPattern = /^[\w-]{1,64}$/;

/** Beside `known`, no field may be there: a misspelt one would be silence. */
function openForm(input: unknown, path: string, known: readonly string[]): Form {
  const problems: Omit<Problem, 'hint'>[] = [];
  const complain = (at: string, message: string) => void problems.push({ severity: 'error', path: at, message });
  const pathOf = (name: string) => (path === '' ? name : `${path}.${name}`);
  const fields: Fields = isFields(input) ? input : {};
  if (!isFields(input)) complain(path, 'expected an object');
  for (const name of Object.keys(fields)) if (!known.includes(name)) complain(path, `unknown field '${name}'`);
  return {
    problems,
    has: (name) => fields[name] !== undefined,
    text(name, pattern, expected) {
      const value = fields[name];
      if (typeof value === 'string' && pattern.test(value)) return value;
      complain(pathOf(name), `expected ${expected}`);
      return '';
    },
    whole(name, { min, max }) {
      const value = fields[name];
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
      complain(pathOf(name), `expected a whole number from ${min} to ${max}`);
      return min;
    },
  };
}

const fieldsOf: Readonly<Record<Order['kind'], readonly string[]>> = {
  restart: ['unit', 'replica'],
  scale: ['unit', 'replicas'],
  drain: ['replica'],
  undrain: ['replica'],
  failover: ['unit', 'region'],
  shutdown: [],
  resume: ['unit'],
  acknowledge: ['incident'],
};

const regionPattern = /^[a-z0-9][a-z0-9-]{0,39}$/;

function isKind(kind: unknown): kind is Order['kind'] {
  return typeof kind === 'string' && Object.hasOwn(fieldsOf, kind);
}

function readOrder(kind: Order['kind'], form: Form): Order {
  const unit = () => form.text('unit', unitPattern, 'the name of a unit, for example orders');
  const replica = () => form.text('replica', replicaPattern, 'a replica, for example orders/0') as ReplicaId;
  switch (kind) {
    case 'restart':
      return { kind, unit: unit(), replica: form.has('replica') ? replica() : undefined };
    case 'scale':
      return { kind, unit: unit(), replicas: form.whole('replicas', { min: 1, max: replicasMax }) };
    case 'drain':
    case 'undrain':
      return { kind, replica: replica() };
    case 'failover':
      return { kind, unit: unit(), region: form.text('region', regionPattern, 'the name of a region, for example us') };
    case 'shutdown':
      return { kind };
    case 'resume':
      return { kind, unit: unit() };
    case 'acknowledge':
      return { kind, incident: form.text('incident', incidentPattern, 'the id of an incident') as IncidentId };
  }
}

export function parseOrderRequest(body: unknown): Parsed<OrderRequest> {
  const hint = 'POST { "order": { "kind": "restart", "unit": "orders" } }';
  const outer = openForm(body, '', ['order']);
  const given = isFields(body) ? body['order'] : undefined;
  if (outer.problems.length > 0) return refused(outer.problems, hint);
  if (!isFields(given)) return refused([{ severity: 'error', path: 'order', message: 'expected an order' }], hint);
  const { kind } = given;
  if (!isKind(kind)) {
    const message = `expected one of ${Object.keys(fieldsOf).join(', ')}`;
    return refused([{ severity: 'error', path: 'order.kind', message }], hint);
  }
  const form = openForm(given, 'order', ['kind', ...fieldsOf[kind]]);
  const order = readOrder(kind, form);
  return form.problems.length > 0 ? refused(form.problems, hint) : { value: { order }, problems: [] };
}

export function parseDeclareRequest(body: unknown): Parsed<DeclareRequest> {
  const form = openForm(body, '', ['release']);
  const release = form.whole('release', { min: 1, max: Number.MAX_SAFE_INTEGER });
  return form.problems.length > 0
    ? refused(form.problems, 'POST { "release": 2 }')
    : { value: { release }, problems: [] };
}

/** `query` as a server gives it: texts by name; unknown names are ignored. */
export function parseFeedQuery(query: unknown): Parsed<FeedQuery> {
  const given = isFields(query) ? query : {};
  const numbers = { after: Number(given['after'] ?? 0), limit: Number(given['limit'] ?? 200) };
  const form = openForm(numbers, '', ['after', 'limit']);
  const after = form.whole('after', { min: 0, max: Number.MAX_SAFE_INTEGER });
  const limit = form.whole('limit', { min: 1, max: 1000 });
  return form.problems.length > 0
    ? refused(form.problems, '?after=0&limit=200')
    : { value: { after, limit }, problems: [] };
}

function isFields(input: unknown): input is Fields {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function refused(problems: readonly Omit<Problem, 'hint'>[], hint: string): Parsed<never> {
  return { value: undefined, problems: problems.map((problem) => ({ ...problem, hint })) };
}
