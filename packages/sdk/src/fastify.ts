// Hale's manners for a Fastify app: health paths, requests counted, a drain that ends with `app.close()`.
// Fastify itself is yours: this door only borrows its types, and names it where it is missing.
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { sdkError } from './errors.ts';
import type { HealthReport } from './health.ts';
import { healthBody, healthPaths } from './health-answer.ts';
import { createService, type Service, type ServiceOptions } from './service.ts';

export { mountApi } from './api/fastify.ts';
export { type FastifyIdempotencyOptions, fastifyIdempotency } from './idempotency/fastify-plugin.ts';

export interface HaleFastifyOptions {
  readonly service: Service;
  readonly health?: ServiceOptions['health'];
}

/**
 * A Fastify plugin. Register it first; then listen with `app.listen({ host: service.host, port: service.port })`.
 *
 * @example
 * const service = createService('storefront');
 * const app = Fastify();
 * await app.register(haleFastify, { service });
 */
export async function haleFastify(app: FastifyInstance, options: HaleFastifyOptions): Promise<void> {
  const { service } = options;
  const paths = healthPaths(options.health ?? true);
  if (paths !== undefined) {
    const routes: [string, () => Promise<HealthReport>][] = [
      [paths.ready, () => service.readiness()],
      [paths.health, () => service.readiness()],
      [paths.live, () => service.liveness()],
    ];
    for (const [path, ask] of routes) {
      service.exempt(path);
      app.get(path, { logLevel: 'silent' }, async (_request, reply) => {
        const report = await ask();
        return reply
          .code(report.ok ? 200 : 503)
          .type('application/json')
          .send(healthBody(report));
      });
    }
  }
  // 'preClose' and `return503OnClosing` would refuse what came in during the drain; the service closes first, politely.
  app.addHook('onListen', async () => service.attach(app.server));
  service.onDrain(async () => {
    await app.close();
  });
}
// Fastify's own mark for "not in a context of its own": the hook and the routes are the app's.
Object.assign(haleFastify, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@hale/sdk',
});

export interface FastifyService {
  readonly service: Service;
  readonly app: FastifyInstance;
  /** Listens where the service was told to. */
  listen(): Promise<string>;
}

/**
 * A service and a Fastify app that belong together. Throws HALE_SDK_FASTIFY_MISSING.
 *
 * @example
 * const { app, listen } = await createFastifyService('storefront');
 * app.get('/', async () => ({ hello: 'world' }));
 * await listen();
 */
export async function createFastifyService(
  name: string,
  options: ServiceOptions & { readonly fastify?: FastifyServerOptions } = {},
): Promise<FastifyService> {
  const make = await loadFastify();
  const service = createService(name, options);
  const app = make({ keepAliveTimeout: 72_000, ...options.fastify }) as unknown as FastifyInstance;
  await app.register(haleFastify, { service, ...(options.health === undefined ? {} : { health: options.health }) });
  return {
    service,
    app,
    listen: () =>
      app.listen({ port: service.port, ...(service.host === undefined ? { host: '::' } : { host: service.host }) }),
  };
}

async function loadFastify(): Promise<typeof import('fastify').fastify> {
  try {
    return (await import('fastify')).fastify;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw sdkError('HALE_SDK_FASTIFY_MISSING', 'the door @hale/sdk/fastify needs the package fastify', { cause });
  }
}
