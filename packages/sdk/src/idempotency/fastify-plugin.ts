// Keyed requests for Fastify: claimed before the handler, committed before the answer leaves (`onSend`). It stands after validation, so
// a body that the schema refuses never uses up a key.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { boundedBytes } from './bounded-bytes.ts';
import { keyError } from './errors.ts';
import { hasBody } from './express-middleware.ts';
import type { Idempotency } from './idempotency.ts';
import { requestOf } from './node-handler.ts';
import { problemAnswer } from './problem.ts';
import type { Answer } from './store.ts';

export interface FastifyIdempotencyOptions {
  // biome-ignore lint/suspicious/noExplicitAny: the plugin does not touch the transaction, whatever its type
  readonly idempotency: Idempotency<any>;
}

interface Held {
  readonly answered: (answer: Answer) => void;
  final: Promise<Answer> | undefined;
}

/**
 * A Fastify plugin: routes registered with the same app afterwards, or before it is ready, are kept to one effect a key.
 *
 * @example
 * const idempotency = createIdempotency({ store: pgStore(pool), scope: 'orders' });
 * await app.register(fastifyIdempotency, { idempotency });
 * app.post('/orders', async (request, reply) => {
 *   await idempotency.context().tx.query('insert into orders (body) values ($1)', [request.body]);
 *   return reply.code(201).send({ ok: true });
 * });
 */
export async function fastifyIdempotency(app: FastifyInstance, options: FastifyIdempotencyOptions): Promise<void> {
  const { idempotency } = options;
  const held = new WeakMap<FastifyRequest, Held>();
  app.addHook('preHandler', (request, reply, done) => {
    if (!idempotency.covers(request.method)) return done();
    if (request.body === undefined && hasBody(request.raw)) {
      return send(reply, problemAnswer(keyError('HALE_SDK_KEY_BODY_UNREAD', 'no parser has read the body')));
    }
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const entry: Held = { answered: resolve, final: undefined };
    const final = idempotency.handle(requestOf(request.raw, request.body), () => {
      held.set(request, entry);
      done();
      return promise;
    });
    entry.final = final;
    final.then(
      (answer) => {
        if (!held.has(request)) send(reply, answer);
      },
      (error: Error) => {
        if (!held.has(request)) done(error);
      },
    );
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const entry = held.get(request);
    if (entry === undefined) return payload;
    held.set(request, { ...entry, answered: () => {} });
    const body = await boundedBytes(payload, idempotency.settings.answerBytesMax);
    const answer: Answer = { status: reply.statusCode, headers: headersOf(reply), body };
    entry.answered(answer);
    const final = await entry.final!;
    if (final !== answer) dress(reply, final);
    return Buffer.from(final.body);
  });
}
// Fastify's own mark for "not in a context of its own": the hooks are the app's.
Object.assign(fastifyIdempotency, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@hale/sdk/idempotency',
});

function send(reply: FastifyReply, answer: Answer): void {
  dress(reply, answer);
  reply.send(Buffer.from(answer.body));
}

function dress(reply: FastifyReply, answer: Answer): void {
  for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name !== 'content-length' && name !== 'transfer-encoding') reply.header(name, value);
  }
  reply.code(answer.status);
}

function headersOf(reply: FastifyReply): Answer['headers'] {
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.map(String) : String(value);
  }
  return headers;
}
