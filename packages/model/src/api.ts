// The counter of the control room: what may be asked over HTTP, and what comes back. Requests are parsed here (never
// trusted); answers are the types of view.ts. Every path needs the token of api.json in `authorization: Bearer ...`.
import type { Parsed, Problem } from '@hale/base';
import { z } from 'zod';
import { replicasMax } from './defaults.ts';
import type { Order } from './event.ts';
import type { IncidentId, ReplicaId } from './names.ts';
import { formatPath } from './parse/problems.ts';

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

const unit = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'expected the name of a unit, for example orders');
const replica = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}\/\d{1,4}$/, 'expected a replica, for example orders/0')
  .transform((text) => text as ReplicaId);
const incident = z
  .string()
  .regex(/^[\w-]{1,64}$/, 'expected the id of an incident')
  .transform((text) => text as IncidentId);

const order: z.ZodType<Order> = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('restart'), unit, replica: replica.optional() })
    .transform((given) => ({ ...given, replica: given.replica })),
  z.strictObject({ kind: z.literal('scale'), unit, replicas: z.int().min(1).max(replicasMax) }),
  z.strictObject({ kind: z.literal('drain'), replica }),
  z.strictObject({ kind: z.literal('undrain'), replica }),
  z.strictObject({ kind: z.literal('shutdown') }),
  z.strictObject({ kind: z.literal('resume'), unit }),
  z.strictObject({ kind: z.literal('acknowledge'), incident }),
]);

const orderRequest = z.strictObject({ order });
const declareRequest = z.strictObject({ release: z.int().min(1) });
const feedQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});

export function parseOrderRequest(body: unknown): Parsed<OrderRequest> {
  return parsedBy(orderRequest, body, 'POST { "order": { "kind": "restart", "unit": "orders" } }');
}

export function parseDeclareRequest(body: unknown): Parsed<DeclareRequest> {
  return parsedBy(declareRequest, body, 'POST { "release": 2 }');
}

/** `query` as a server gives it: texts by name; unknown names are ignored. */
export function parseFeedQuery(query: unknown): Parsed<FeedQuery> {
  return parsedBy(feedQuery, query, '?after=0&limit=200');
}

function parsedBy<T>(schema: z.ZodType<T>, input: unknown, hint: string): Parsed<T> {
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data, problems: [] };
  const problems = result.error.issues.map(
    (issue): Problem => ({
      severity: 'error',
      path: formatPath(issue.path.filter((step) => typeof step !== 'symbol')),
      message: issue.message,
      hint,
    }),
  );
  return { value: undefined, problems };
}
