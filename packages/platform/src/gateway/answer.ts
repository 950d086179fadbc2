// What the gateway answers in its own name: a small JSON letter with code, message and hint. It never answers for a replica.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { type GatewayErrorCode, gatewayErrors } from './errors.ts';

/** Sends the refusal `code`. Closes the connection when the request makes no sense or its body was not read to its end. */
export function refuse(req: IncomingMessage, res: ServerResponse, code: GatewayErrorCode): void {
  const { status, message, hint } = gatewayErrors[code];
  const body = Buffer.from(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
  if (status === 503) headers.push('Retry-After', '1');
  if (status === 400 || !req.complete) headers.push('Connection', 'close');
  // Spelled out: a replica's own words may stand there already.
  res.writeHead(status, STATUS_CODES[status], headers);
  res.end(body);
}
