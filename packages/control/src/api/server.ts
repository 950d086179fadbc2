// The counter of the control room: HTTP under /api/v1, the event stream, and the dashboard's files. It answers from the last
// picture it was given and from the journal; what would change anything it hands to control and waits for the word. Every
// refusal is JSON with a code, a message and the next thing to type.

import { isHaleError, type Parsed } from '@hale/base';
import {
  type ApiError,
  apiPaths,
  parseDeclareRequest,
  parseFeedQuery,
  parseOrderRequest,
  type SystemView,
  type TrafficView,
} from '@hale/model';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type ControlErrorCode, controlError } from '../errors.ts';
import type { FeedReader } from '../journal/feed-reader.ts';
import type { SecretMask } from '../secret-mask.ts';
import { admit, hintOf } from './admission.ts';
import { readLogTail } from './log-tail.ts';
import type { ApiOutcome, ApiRequest } from './messages.ts';
import { unknownNameIn } from './order-names.ts';
import { createStaticFiles } from './static-files.ts';
import type { Streams } from './streams.ts';

export interface ApiServerOptions {
  readonly token: string;
  /** The newest picture as JSON; undefined until control has shown the first. */
  readonly view: () => string | undefined;
  readonly feed: () => FeedReader;
  readonly traffic: () => TrafficView;
  readonly streams: Streams;
  readonly logFolder: string;
  readonly mask: Pick<SecretMask, 'text'>;
  readonly assetFolder: string | undefined;
  /** Hands a request to control; always answers. */
  readonly ask: (request: ApiRequest) => Promise<ApiOutcome>;
}

const bodyBytesMax = 64 * 1024;
const statusOf: Partial<Record<string, number>> = {
  HALE_CONTROL_RELEASE_UNKNOWN: 404,
  HALE_CONTROL_RELEASE_OLDER: 409,
  // What this host will not give: asking again changes nothing.
  HALE_PLATFORM_LISTENER_TAKEN: 409,
  HALE_PLATFORM_PORT_IN_USE: 409,
  HALE_PLATFORM_PORT_FORBIDDEN: 409,
  HALE_PLATFORM_BIND_FAILED: 409,
  HALE_CONTROL_INBOX_FULL: 503,
  HALE_CONTROL_STOPPING: 503,
  HALE_CONTROL_JOURNAL_FULL: 507,
};

export function createApiServer(options: ApiServerOptions): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => void answerError(reply, error),
    routerOptions: { maxParamLength: 200 },
  });
  server.addHook('onRequest', async (request, reply) => checkVisit(request, reply, options.token));
  server.setErrorHandler((error, _request, reply) => answerError(reply, error));
  const files = createStaticFiles(options.assetFolder);
  server.setNotFoundHandler((request, reply) => answerOther(request, reply, files));
  server.get('/healthz', async () => ({ ok: true }));
  addReadings(server, options);
  addDeeds(server, options);
  addStream(server, options);
  return server;
}

async function checkVisit(request: FastifyRequest, reply: FastifyReply, token: string): Promise<unknown> {
  // What no route of ours answers is a file of the dashboard: it holds no secret, and a page that opens can say how to get
  // the token. Judged by the route that was matched, never by the text of the path, which may be spelled in many ways.
  const isOpen = request.is404 || request.routeOptions.url === '/healthz';
  const admission = admit({ method: request.method, url: request.url, headers: request.headers }, token, isOpen);
  switch (admission.kind) {
    case 'welcome':
      return undefined;
    case 'trade':
      return reply
        .header('set-cookie', admission.cookie)
        .header('cache-control', 'no-store')
        .redirect(admission.location, 303);
    case 'refused':
      return refuse(reply, admission.status, { code: admission.code, message: admission.message });
  }
}

function addReadings(server: FastifyInstance, options: ApiServerOptions): void {
  const { view, feed, traffic, logFolder, mask } = options;
  server.get(apiPaths.system, async (_request, reply) =>
    reply.type('application/json').header('cache-control', 'no-store').send(requireView(view)),
  );
  server.get(apiPaths.traffic, async () => traffic());
  server.get(apiPaths.feed, async (request) => {
    const query = request.query as Record<string, unknown>;
    const { after, limit } = accept(parseFeedQuery(query));
    return feed().lines(query['after'] === undefined ? undefined : after, limit);
  });
  server.get('/api/v1/journal', async (request) => {
    const { after, limit } = accept(parseFeedQuery(request.query));
    return feed().entries(after, limit);
  });
  server.get('/api/v1/incidents/:id', async (request, reply) => {
    const { id } = request.params as { id: string };
    const { incidents } = JSON.parse(requireView(view)) as SystemView;
    const found = incidents.find((incident) => incident.id === id);
    if (found !== undefined) return found;
    return refuse(reply, 404, { code: 'HALE_CONTROL_UNKNOWN_INCIDENT', message: `there is no incident ${id}` });
  });
  const logs = async (request: FastifyRequest, reply: FastifyReply) => {
    const { unit, ordinal, replica } = request.params as Record<string, string>;
    const name = replica ?? `${unit}/${ordinal}`;
    const tail = Number((request.query as { tail?: string }).tail ?? 200);
    const lines = readLogTail(logFolder, name, Math.min(5000, Math.max(1, Math.floor(tail) || 200)));
    if (lines !== undefined) return { replica: name, lines: lines.map(mask.text) };
    return refuse(reply, 404, { code: 'HALE_CONTROL_NO_LOG', message: `there is no log of '${name}'` });
  };
  server.get('/api/v1/logs/:replica', logs);
  server.get('/api/v1/logs/:unit/:ordinal', logs);
}

function addDeeds(server: FastifyInstance, { view, ask }: ApiServerOptions): void {
  const give = async (reply: FastifyReply, request: ApiRequest, extra: object = {}) => {
    const outcome = await ask(request);
    if (!outcome.ok) return reply.status(statusOf[outcome.fault.code] ?? 503).send({ error: outcome.fault });
    return reply.status(202).send({ id: outcome.id, accepted: true, ...extra });
  };
  server.post(apiPaths.orders, async (request, reply) => {
    const { order } = accept(parseOrderRequest(request.body));
    const unknown = unknownNameIn(order, JSON.parse(requireView(view)) as SystemView);
    if (unknown !== undefined) return refuse(reply, 404, { code: 'HALE_CONTROL_UNKNOWN_NAME', ...unknown });
    return give(reply, { kind: 'order', order, by: callerOf(request) });
  });
  server.post(apiPaths.declare, async (request, reply) => {
    const { release } = accept(parseDeclareRequest(request.body));
    return give(reply, { kind: 'declare', release }, { release });
  });
}

/** Who asks, as it calls itself; for the story only. */
function callerOf(request: FastifyRequest): string {
  const name = request.headers['x-hale-caller'];
  return typeof name === 'string' && /^[\w .@-]{1,64}$/.test(name) ? name : 'api';
}

function addStream(server: FastifyInstance, { view, streams }: ApiServerOptions): void {
  server.get('/api/v1/stream', (request, reply) => {
    const given = request.headers['last-event-id'] ?? (request.query as { after?: string }).after;
    const afterSeq = given === undefined || !/^\d{1,15}$/.test(String(given)) ? undefined : Number(given);
    if (streams.isFull) {
      refuse(reply, 503, { code: 'HALE_CONTROL_TOO_MANY_STREAMS', message: 'too many windows watch already' });
      return;
    }
    reply.hijack();
    request.raw.socket.setTimeout(0);
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    streams.add(reply.raw, { view: view(), afterSeq });
  });
}

function answerOther(
  request: FastifyRequest,
  reply: FastifyReply,
  files: ReturnType<typeof createStaticFiles>,
): FastifyReply {
  const path = request.url.split('?')[0] ?? '/';
  const file = request.method === 'GET' && !path.startsWith('/api/') ? files(path) : undefined;
  if (file !== undefined) return reply.status(file.status).headers(file.headers).send(file.body);
  return refuse(reply, 404, {
    code: 'HALE_CONTROL_NOT_FOUND',
    message: `there is nothing at ${request.method} ${path}`,
  });
}

function requireView(view: () => string | undefined): string {
  const text = view();
  if (text === undefined) throw controlError('HALE_CONTROL_NOT_READY', 'control has not seen the system yet');
  return text;
}

function accept<T>(parsed: Parsed<T>): T {
  if (parsed.value !== undefined) return parsed.value;
  const problems = parsed.problems
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
  throw controlError('HALE_CONTROL_BAD_REQUEST', problems, { hint: parsed.problems[0]?.hint ?? '' });
}

function answerError(reply: FastifyReply, error: unknown): FastifyReply {
  if (isHaleError(error)) {
    const status =
      error.code === 'HALE_CONTROL_BAD_REQUEST' ? 400 : error.code === 'HALE_CONTROL_NOT_READY' ? 503 : 500;
    return refuse(reply, status, { code: error.code as ControlErrorCode, message: error.message, hint: error.hint });
  }
  const { statusCode = 500, message } = error as { statusCode?: number; message: string };
  if (statusCode < 500) return refuse(reply, statusCode, { code: 'HALE_CONTROL_BAD_REQUEST', message });
  return refuse(reply, 500, { code: 'HALE_CONTROL_INTERNAL', message });
}

function refuse(
  reply: FastifyReply,
  status: number,
  fault: { readonly code: ControlErrorCode; readonly message: string; readonly hint?: string },
): FastifyReply {
  const { code, message, hint = hintOf(code) } = fault;
  const body: ApiError = { error: { code, message, hint } };
  return reply.status(status).header('cache-control', 'no-store').send(body);
}
