// Keyed requests for everything that calls `(req, res, next)`: Express 4 and 5, NestJS on Express, Connect. What the handlers behind it
// write is held back until their work has been committed.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { captureAnswer, sendAnswer } from './answer-capture.ts';
import { keyError } from './errors.ts';
import type { Idempotency } from './idempotency.ts';
import { requestOf } from './node-handler.ts';
import { problemAnswer } from './problem.ts';

/** A request as a body parser leaves it. */
export type ParsedRequest = IncomingMessage & { readonly body?: unknown; readonly originalUrl?: string };
export type Next = (error?: unknown) => void;
export type Middleware = (req: ParsedRequest, res: ServerResponse, next: Next) => void;

export function connectMiddleware<Tx>(idempotency: Idempotency<Tx>): Middleware {
  const { answerBytesMax } = idempotency.settings;
  return (req, res, next) => {
    if (!idempotency.covers(req.method ?? 'GET')) return next();
    if (req.body === undefined && hasBody(req)) {
      const error = keyError(
        'HALE_SDK_KEY_BODY_UNREAD',
        'the body was not parsed before its Idempotency-Key was looked at',
      );
      return sendAnswer(res, problemAnswer(error), req.method);
    }
    const handled = idempotency.handle(requestOf(req, req.body), async () => {
      const capture = captureAnswer(res, answerBytesMax);
      try {
        next();
        return await capture.answered;
      } finally {
        capture.release();
      }
    });
    handled.then((answer) => sendAnswer(res, answer, req.method), next);
  };
}

/** RFC 9112: a request has a body when it says how long it is, or that it comes in chunks. */
export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
