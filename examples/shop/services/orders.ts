// Takes orders: looks at the shelf, has them paid for, writes them into the order book (PostgreSQL).
//   GET /orders/:id     PUT /orders/:id {"sku","quantity"}  idempotent     POST /orders  with an Idempotency-Key: once a key
//   GET /orders?prefix=&after=&limit=   references only (the id of a PUT, the key of a POST), for who wants to check the books
// While the database is away it answers 503 with Retry-After and stays ready: the database is shared by all replicas, so
// leaving rotation would help nobody, turn one outage into two, and hide the honest answer behind the gateway's.
import { createIdempotency } from '@hale/sdk';
import { createFastifyService, fastifyIdempotency } from '@hale/sdk/fastify';
import { pgStore } from '@hale/sdk/pg';
import type { FastifyReply } from 'fastify';
import { openDrillDoor, probeIsGood } from './drill-door.ts';
import { type Order, type OrderLine, openOrderBook, Unavailable } from './order-book.ts';

const { app, service, listen } = await createFastifyService('orders');
const url = process.env['DATABASE_URL'] ?? 'postgres://localhost/shop';
const book = openOrderBook(service.sql(undefined, { url, timeoutMs: 8_000 }), url);
// A second request with a key waits for the first longer than a stopped owner can hold it, rather than to be told 409.
const idempotency = createIdempotency({ store: pgStore(book.keyed), scope: 'orders', waitMs: 4_500 });
const payments = service.client('payments');
const inventory = service.client('inventory');
service.ready(probeIsGood, 'drill');
service.onDrain(() => book.close());

const lineSchema = {
  type: 'object',
  required: ['sku', 'quantity'],
  properties: { sku: { type: 'string', maxLength: 64 }, quantity: { type: 'integer', minimum: 1, maximum: 100 } },
} as const;

// Before the routes: those in a context of their own inherit what is there already.
app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
  if (error instanceof Unavailable || error.code?.startsWith('HALE_SDK_')) {
    return reply.code(503).header('retry-after', '1').send({ error: error.message });
  }
  const status = error.statusCode ?? 500;
  if (status >= 500) process.stderr.write(`${error.stack}\n`);
  return reply.code(status).send({ error: status >= 500 ? 'internal error' : error.message });
});

app.get<{ Params: { id: string } }>('/orders/:id', async (request, reply) => {
  const order = await book.get(request.params.id);
  return order ?? reply.code(404).send({ error: `no order ${request.params.id}` });
});

app.get<{ Querystring: { prefix?: string; after?: string; limit?: number } }>('/orders', async (request) => {
  const { prefix = '', after = '', limit = 100 } = request.query;
  return { ids: await book.list({ prefix, after, limit: Math.min(Number(limit) || 100, 1_000) }) };
});

app.put<{ Params: { id: string }; Body: OrderLine }>(
  '/orders/:id',
  { schema: { body: lineSchema } },
  async (request, reply) => place({ ...request.body, id: request.params.id }, reply),
);

/** Each POST is an order of its own; the same key again is the same order. Only these routes ask for a key. */
await app.register(async (keyed) => {
  await keyed.register(fastifyIdempotency, { idempotency });
  keyed.post<{ Body: OrderLine }>('/orders', { schema: { body: lineSchema } }, async (request, reply) => {
    const { tx, key, childKey } = idempotency.context();
    const id = crypto.randomUUID();
    const receipt = await payFor({ ...request.body, id }, reply, childKey('charge'));
    if (receipt === undefined) return reply;
    const order = await book.add(tx, { ...request.body, id, receipt }, key ?? id);
    return reply.code(201).header('location', `/orders/${id}`).send(order);
  });
});

async function place(wish: OrderLine & { id: string }, reply: FastifyReply): Promise<Order | FastifyReply> {
  const known = await book.get(wish.id);
  if (known?.sku === wish.sku && known.quantity === wish.quantity) return known;
  const receipt = await payFor(wish, reply, wish.id);
  return receipt === undefined ? reply : book.put({ id: wish.id, sku: wish.sku, quantity: wish.quantity, receipt });
}

/** The receipt; undefined when there is none, and the refusal is on its way. */
async function payFor(
  wish: OrderLine & { id: string },
  reply: FastifyReply,
  chargeKey: string,
): Promise<string | undefined> {
  if ((await onShelf(wish.sku)) < wish.quantity) {
    reply.code(409).send({ error: `not enough ${wish.sku}` });
    return undefined;
  }
  const paid = await payments.fetch('/charge', {
    json: { order: wish.id, cents: wish.quantity * 100 },
    idempotencyKey: chargeKey,
    timeoutMs: 5_000,
  });
  const { receipt } = await paid.json<{ receipt?: string }>();
  if (paid.ok && receipt !== undefined) return receipt;
  reply.code(502).send({ error: 'the till did not answer' });
  return undefined;
}

async function onShelf(sku: string): Promise<number> {
  const stock = await inventory.fetch(`/inventory/${encodeURIComponent(sku)}`, { timeoutMs: 3_000 });
  if (stock.status >= 500) throw new Unavailable('the shelf cannot be seen for a moment');
  const { onShelf: count = 0 } = await stock.json<{ onShelf?: number }>();
  return count;
}

app.post('/__drill/:fault', (request, reply) => {
  if (!openDrillDoor(request.raw, reply.raw)) return reply.code(404).send();
  return reply.hijack();
});

await listen();
