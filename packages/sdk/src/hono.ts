// Keyed requests for a Hono app, in one line. Hono itself is yours; nothing of it is imported.
import { type HonoMiddleware, webMiddleware } from './idempotency/hono-middleware.ts';
import type { Idempotency } from './idempotency/idempotency.ts';

/**
 * @example
 * app.use(honoIdempotency(idempotency));
 * app.post('/orders', async (c) => {
 *   const { sku } = await c.req.json();
 *   await idempotency.context().tx.query('insert into orders (sku) values ($1)', [sku]);
 *   return c.json({ sku }, 201);
 * });
 */
export function honoIdempotency<Tx>(idempotency: Idempotency<Tx>): HonoMiddleware {
  return webMiddleware(idempotency);
}
