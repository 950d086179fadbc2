// Takes orders: looks at the shelf, has them paid for, writes them into the order book (PostgreSQL).
//   GET /orders/:id     PUT /orders/:id {"sku","quantity"}  idempotent     POST /orders  with an Idempotency-Key
//   GET /orders?prefix=&after=&limit=   ids only, for who wants to check the books
// While the database is away it answers 503 with Retry-After and stays ready: the database is shared by all replicas, so
// leaving rotation would help nobody, turn one outage into two, and hide the honest answer behind the gateway's.
import { createFastifyService } from '@hale/sdk/fastify';
import type { FastifyReply } from 'fastify';
import { openDrillDoor, probeIsGood } from './drill-door.ts';
import { type Order, type OrderLine, openOrderBook, Unavailable } from './order-book.ts';

const { app, service, listen } = await createFastifyService('orders');
const book = openOrderBook(process.env['DATABASE_URL'] ?? 'postgres://localhost/shop');
const payments = service.client('payments');
const inventory = service.client('inventory');
service.ready(probeIsGood, 'drill');
service.onDrain(() => book.close());

const lineSchema = {
  type: 'object',
  required: ['sku', 'quantity'],
  properties: { sku: { type: 'string', maxLength: 64 }, quantity: { type: 'integer', minimum: 1, maximum: 100 } },
} as const;

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

/** The key is the order's id: sent twice, it is one order. */
app.post<{ Body: OrderLine }>('/orders', { schema: { body: lineSchema } }, async (request, reply) => {
  const key = request.headers['idempotency-key'];
  return place({ ...request.body, id: typeof key === 'string' ? key : crypto.randomUUID() }, reply);
});

async function place(wish: OrderLine & { id: string }, reply: FastifyReply): Promise<Order | FastifyReply> {
  const known = await book.get(wish.id);
  if (known?.sku === wish.sku && known.quantity === wish.quantity) return known;
  if ((await onShelf(wish.sku)) < wish.quantity) return reply.code(409).send({ error: `not enough ${wish.sku}` });
  const paid = await payments.fetch('/charge', {
    json: { order: wish.id, cents: wish.quantity * 100 },
    idempotencyKey: wish.id,
    timeoutMs: 5_000,
  });
  const { receipt } = await paid.json<{ receipt?: string }>();
  if (!paid.ok || receipt === undefined) return reply.code(502).send({ error: 'the till did not answer' });
  return book.put({ id: wish.id, sku: wish.sku, quantity: wish.quantity, receipt });
}

async function onShelf(sku: string): Promise<number> {
  const stock = await inventory.fetch(`/inventory/${encodeURIComponent(sku)}`, { timeoutMs: 3_000 });
  if (stock.status >= 500) throw new Unavailable('the shelf cannot be seen for a moment');
  const { onShelf: count = 0 } = await stock.json<{ onShelf?: number }>();
  return count;
}

app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
  if (error instanceof Unavailable || error.code?.startsWith('HALE_SDK_')) {
    return reply.code(503).header('retry-after', '1').send({ error: error.message });
  }
  const status = error.statusCode ?? 500;
  if (status >= 500) process.stderr.write(`${error.stack}\n`);
  return reply.code(status).send({ error: status >= 500 ? 'internal error' : error.message });
});

app.post('/__drill/:fault', (request, reply) => {
  if (!openDrillDoor(request.raw, reply.raw)) return reply.code(404).send();
  return reply.hijack();
});

await listen();
