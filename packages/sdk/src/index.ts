// The fittings a service builds in: health, drain, and calls to its neighbours. Import only what you use; `@hale/sdk/fastify` is a door of its own.
export type { CallOptions, Client, ClientOptions } from './client.ts';
export type { Check, CheckAnswer, HealthReport } from './health.ts';
export type { HealthPaths } from './health-answer.ts';
export type { Handler } from './listen.ts';
export type { Reply } from './reply.ts';
export { createService, type Service, type ServiceOptions, type ServiceState } from './service.ts';
