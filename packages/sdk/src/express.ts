// Keyed requests for an Express app (4 or 5), in one line. Express itself is yours; nothing of it is imported.
import { connectMiddleware, type Middleware } from './idempotency/express-middleware.ts';
import type { Idempotency } from './idempotency/idempotency.ts';

/**
 * Put it after the body parser and before the routes that it is for. Answers 400, 409, 413, 422 and 503 by itself, as application/problem+json.
 *
 * @example
 * const idempotency = createIdempotency({ store: pgStore(pool), scope: 'orders' });
 * app.use(express.json(), expressIdempotency(idempotency));
 * app.post('/orders', async (req, res) => {
 *   await idempotency.context().tx.query('insert into orders (sku) values ($1)', [req.body.sku]);
 *   res.status(201).json({ sku: req.body.sku });
 * });
 */
export function expressIdempotency<Tx>(idempotency: Idempotency<Tx>): Middleware {
  return connectMiddleware(idempotency);
}
