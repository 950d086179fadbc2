// An API as a Fastify plugin: its operations become routes of the app, with Fastify's own body parser and hooks around them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AnsweringOptions, createCounter, type Implementation } from './answering.ts';
import type { Api, Operations } from './definition.ts';

/**
 * Adds the operations of `api` to `app`.
 *
 * @example
 * mountApi(app, { api: paymentsApi, implementation: { charge: async ({ order, cents }) => ({ receipt: await till(order, cents) }) } });
 */
export function mountApi<Ops extends Operations>(
  app: FastifyInstance,
  served: { readonly api: Api<Ops>; readonly implementation: Implementation<Ops> } & AnsweringOptions,
): void {
  const { api, implementation, describeAt } = served;
  const counter = createCounter(api, implementation, served);
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const { status, headers, body } = await counter.answer({
      method: request.method,
      url: request.url,
      headers: request.headers,
      readBody: async () => (request.body == null ? { kind: 'empty' } : { kind: 'json', value: request.body }),
    });
    return reply
      .code(status)
      .headers(headers)
      .send(body === '' ? undefined : body);
  };
  for (const { method, path } of api.routes)
    app.route({ method, url: path.replaceAll(/\{(\w+)\}/g, ':$1'), handler: answer });
  if (describeAt !== false) app.get(describeAt ?? '/openapi.json', answer);
}
