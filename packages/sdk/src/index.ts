// The fittings a service builds in: health, drain, and calls to its neighbours. Import only what you use; `@hale/sdk/fastify` is a door of its own.
export type { ApiCall, Implementation } from './api/answering.ts';
export { type ApiCarrier, type ApiClient, apiClient } from './api/client.ts';
export { type Api, api, type OperationDefinition } from './api/definition.ts';
export { ApiRefusal } from './api/errors.ts';
export { type ApiHandlerOptions, apiHandler } from './api/handler.ts';
export type { InputOf, OutputOf, StandardSchema } from './api/standard-schema.ts';
export {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  type Fallback,
  type FallbackCall,
} from './client.ts';
export { type CurrentCall, currentCall } from './current-call.ts';
export type { Degraded } from './degraded.ts';
export type { Interceptor } from './gate.ts';
export type { Check, CheckAnswer, HealthReport } from './health.ts';
export type { HealthPaths } from './health-answer.ts';
export type { IdempotencyContext } from './idempotency/context.ts';
export { createIdempotency, type Idempotency } from './idempotency/idempotency.ts';
export { type KeyedHandler, type NodeContext, nodeIdempotency } from './idempotency/node-handler.ts';
export type { IdempotencyEvent, IdempotencyOptions, KeyedRequest } from './idempotency/options.ts';
export type { ServiceState } from './life.ts';
export type { Handler } from './listen.ts';
export type { Reply, ReplyLike } from './reply.ts';
export { createService, type Service, type ServiceOptions } from './service.ts';
export type { SqlResult } from './sql/driver.ts';
export { createSql, type ReadOptions, type Sql, type SqlOptions, type TransactionOptions } from './sql/sql.ts';
export type { Isolation, Transaction } from './sql/transaction.ts';
