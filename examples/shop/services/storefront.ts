// The shop window: what there is, what it costs, and a till that passes an order on. It keeps nothing itself.
// A Fastify app with Hale's manners (health, drain) and Hale's way of calling neighbours.
import { apiClient } from '@hale/sdk';
import { createFastifyService } from '@hale/sdk/fastify';
import { catalogue } from './catalogue.ts';
import { openDrillDoor, probeIsGood } from './drill-door.ts';
import { pricingApi } from './pricing.api.ts';

const { app, service, listen } = await createFastifyService('storefront');
const orders = service.client('orders');
/** Without pricing the list price stands; without inventory nobody promises what is on the shelf. */
const pricing = apiClient(
  pricingApi,
  service.client('pricing', {
    fallback(_error, { path }) {
      const product = catalogue.find(({ sku }) => path === `/prices/${sku}`);
      return { status: 200, json: { sku: product?.sku ?? '', cents: product?.cents ?? 0 } };
    },
  }),
);
const inventory = service.client('inventory', { fallback: () => ({ status: 200, json: { onShelf: 'unknown' } }) });
service.ready(probeIsGood, 'drill');

app.get('/', async () => ({ shop: 'Hale & Hearty', products: catalogue.length, replica: service.replica ?? 'alone' }));

/** Needs no neighbour: the window stays lit when everything else is dark. */
app.get('/catalog', async () => catalogue);

/** One product with today's price and what is on the shelf; where one of them is not to be had, the answer is a fallback and says so. */
app.get<{ Params: { sku: string } }>('/products/:sku', async (request, reply) => {
  const product = catalogue.find((item) => item.sku === request.params.sku);
  if (product === undefined) return reply.code(404).send({ error: `no product ${request.params.sku}` });
  const [{ cents }, stock] = await Promise.all([
    pricing.price({ sku: product.sku }, { timeoutMs: 1_000 }),
    inventory.fetch(`/inventory/${product.sku}`, { timeoutMs: 1_000 }).then((answer) => answer.json<object>()),
  ]);
  return { ...product, cents, ...stock };
});

/** Sends the order on under the caller's key, so that it may be sent again. */
app.post('/checkout', async (request, reply) => {
  const key = request.headers['idempotency-key'];
  const answer = await orders.fetch('/orders', {
    json: request.body,
    ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
  });
  return reply
    .code(answer.status)
    .type('application/json')
    .send(await answer.text());
});

app.post('/__drill/:fault', (request, reply) => {
  if (!openDrillDoor(request.raw, reply.raw)) return reply.code(404).send();
  return reply.hijack();
});

await listen();
