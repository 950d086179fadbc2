// An API behind a plain Node handler: for `service.listen`, node:http, and Express (`app.use(apiHandler(...))`, before or after its body
// parser). What belongs to no operation goes to whoever is next, or is answered 404.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AnsweringOptions, type BodyReading, createCounter, type Implementation } from './answering.ts';
import type { Api, Operations } from './definition.ts';

export interface ApiHandlerOptions extends AnsweringOptions {
  /** Largest JSON body. Default 1,000,000. */
  readonly bodyBytesMax?: number;
}

export type ApiHandler = (req: IncomingMessage, res: ServerResponse, next?: () => void) => Promise<void>;

/**
 * Serves `api` with `implementation`.
 *
 * @example
 * await service.listen(apiHandler(paymentsApi, { charge: async ({ order, cents }) => ({ receipt: await till(order, cents) }) }));
 */
export function apiHandler<Ops extends Operations>(
  api: Api<Ops>,
  implementation: Implementation<Ops>,
  options: ApiHandlerOptions = {},
): ApiHandler {
  const counter = createCounter(api, implementation, options);
  const bytesMax = options.bodyBytesMax ?? 1_000_000;
  return async (req, res, next) => {
    const url = req.url ?? '/';
    if (next !== undefined && !counter.isKnown(url)) return next();
    const answer = await counter.answer({
      method: req.method ?? 'GET',
      url,
      headers: req.headers,
      readBody: () => readJson(req, bytesMax),
    });
    if (res.destroyed || res.headersSent) return;
    const closing = req.complete ? {} : { connection: 'close' };
    const length = answer.body === '' ? {} : { 'content-length': String(Buffer.byteLength(answer.body)) };
    res.writeHead(answer.status, { ...answer.headers, ...length, ...closing });
    res.end(req.method === 'HEAD' ? undefined : answer.body);
  };
}

async function readJson(req: IncomingMessage, bytesMax: number): Promise<BodyReading> {
  const parsed = (req as { body?: unknown }).body;
  if (parsed !== undefined && req.readableEnded) return { kind: 'json', value: parsed };
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of req as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > bytesMax) return { kind: 'too-large', bytesMax };
    pieces.push(piece);
  }
  return parseJson(Buffer.concat(pieces).toString('utf8'), req.headers['content-type']);
}

/** The body as data; `type` is its Content-Type. */
export function parseJson(text: string, type: string | undefined): BodyReading {
  if (text === '') return { kind: 'empty' };
  if (type !== undefined && !/^application\/(?:[\w.+-]+\+)?json\b/i.test(type))
    return { kind: 'not-json', why: `the body is ${type}` };
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch (error) {
    return { kind: 'not-json', why: `the body is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
