// Keyed requests for a NestJS app on Express, as a middleware of a module: it stands behind Nest's body parser and before pipes, guards and
// handlers, so that whatever they answer is part of it. On Fastify, register `fastifyIdempotency` with the adapter's instance instead.
import { connectMiddleware, type Middleware } from './idempotency/express-middleware.ts';
import type { Idempotency } from './idempotency/idempotency.ts';

/**
 * @example
 * class OrdersModule {
 *   configure(consumer: MiddlewareConsumer) {
 *     consumer.apply(nestIdempotency(idempotency)).forRoutes('*path');
 *   }
 * }
 */
export function nestIdempotency<Tx>(idempotency: Idempotency<Tx>): Middleware {
  return connectMiddleware(idempotency);
}
