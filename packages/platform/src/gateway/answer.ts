// What the gateway answers in its own name: a small JSON letter with code, message and hint. It never answers for a replica.
import { STATUS_CODES } from 'node:http';
import type { CallerRequest, CallerResponse } from './caller.ts';
import { type GatewayErrorCode, gatewayErrors } from './errors.ts';

export interface RefusalOptions {
  /** No further request is wanted on this connection. */
  readonly isLast?: boolean;
  /** What exactly is wrong, in place of the table's sentence. */
  readonly message?: string;
  /** More fields: name, value, ... */
  readonly fields?: readonly string[];
}

/** Sends the refusal `code`. Closes the connection when the request makes no sense or its body was not read to its end. */
export function refuse(
  pair: { readonly req: CallerRequest; readonly res: CallerResponse },
  code: GatewayErrorCode,
  options: RefusalOptions = {},
): void {
  const { req, res } = pair;
  const { status } = gatewayErrors[code];
  const body = letterOf(code, options.message);
  const length = String(body.length);
  const fields = ['content-type', 'application/json', 'content-length', length, ...(options.fields ?? [])];
  if (status === 503) fields.push('retry-after', '1');
  const isLast = status === 400 || !req.complete || options.isLast === true;
  // Spelled out: a replica's own words may stand there already.
  res.begin({ status, text: STATUS_CODES[status], fields, length, isLast });
  res.take(body);
  res.finish(nothing);
}

/** The same as bytes of HTTP/1.1, for a connection that has no response object. The connection is to be closed after it. */
export function refusalText(code: GatewayErrorCode): string {
  const { status } = gatewayErrors[code];
  const body = letterOf(code);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
  return `${head}Content-Length: ${body.length}\r\n\r\n${body.toString('utf8')}`;
}

function letterOf(code: GatewayErrorCode, said?: string): Buffer {
  const { message, hint } = gatewayErrors[code];
  return Buffer.from(`${JSON.stringify({ error: { code, message: said ?? message, hint } })}\n`);
}

const nothing = {};
