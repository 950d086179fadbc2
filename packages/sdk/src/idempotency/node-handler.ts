// Keyed requests for a bare node:http handler. The body is read here, because it is part of what the key stands for, and is handed on whole.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { captureAnswer, sendAnswer } from './answer-capture.ts';
import type { IdempotencyContext } from './context.ts';
import { isKeyError, keyError } from './errors.ts';
import type { Idempotency } from './idempotency.ts';
import type { KeyedRequest } from './options.ts';
import { problemAnswer } from './problem.ts';

export interface NodeContext<Tx> extends IdempotencyContext<Tx> {
  readonly body: Uint8Array;
}

/** `context` is undefined for a method that is not covered: its body is still to be read from `req` then. */
export type KeyedHandler<Tx> = (
  req: IncomingMessage,
  res: ServerResponse,
  context: NodeContext<Tx> | undefined,
) => unknown;

/**
 * A handler that does its work once for a key. For `service.listen(...)` or `http.createServer(...)`.
 *
 * @example
 * await service.listen(
 *   nodeIdempotency(idempotency, async (req, res, context) => {
 *     if (context === undefined) return res.writeHead(404).end();
 *     await context.tx.query('insert into notes (text) values ($1)', [Buffer.from(context.body).toString()]);
 *     res.writeHead(201).end();
 *   }),
 * );
 */
export function nodeIdempotency<Tx>(
  idempotency: Idempotency<Tx>,
  handler: KeyedHandler<Tx>,
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const { bodyBytesMax, answerBytesMax } = idempotency.settings;
  return async (req, res) => {
    if (!idempotency.covers(req.method ?? 'GET')) {
      await handler(req, res, undefined);
      return;
    }
    const body = await readBody(req, bodyBytesMax).catch((error: unknown) => {
      if (!isKeyError(error)) throw error;
      sendAnswer(res, problemAnswer(error), req.method);
      return undefined;
    });
    if (body === undefined) return;
    const answer = await idempotency.handle(requestOf(req, body), async (context) => {
      const capture = captureAnswer(res, answerBytesMax);
      try {
        const given: NodeContext<Tx> = Object.create(context, { body: { value: body, enumerable: true } });
        const failed = Promise.withResolvers<never>();
        failed.promise.catch(() => {});
        void Promise.resolve(handler(req, res, given)).catch(failed.reject);
        return await Promise.race([capture.answered, failed.promise]);
      } finally {
        capture.release();
      }
    });
    sendAnswer(res, answer, req.method);
  };
}

/** Bare text and bytes of a request, for the fingerprint. */
export function requestOf(req: IncomingMessage & { readonly originalUrl?: string }, body: unknown): KeyedRequest {
  return {
    method: req.method ?? 'GET',
    url: req.originalUrl ?? req.url ?? '/',
    // Lines of one name are told apart: two keys must not be read as one.
    header: (name) => req.headersDistinct[name] ?? undefined,
    body,
  };
}

async function readBody(req: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of req as AsyncIterable<Buffer>) {
    bytes += piece.byteLength;
    if (bytes > bytesMax) {
      throw keyError('HALE_SDK_KEY_BODY_TOO_LARGE', `the body has more than ${bytesMax} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
