// What the SDK answers in its own name before a handler is asked: a small JSON letter with code, message and hint. With
// `x-hale-refused` it promises that the work was not begun, so the caller may ask elsewhere whatever the method.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Refusal } from '@hale/resilience';
import { type SdkErrorCode, sdkError } from './errors.ts';

interface Pair {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

const codes = {
  deadline: ['HALE_SDK_REFUSED_DEADLINE', 'the caller waits no longer: the work was not begun'],
  shed: ['HALE_SDK_REFUSED_SHED', 'there is more work than can be done in time: this was not begun'],
} as const satisfies Partial<Record<Refusal, readonly [SdkErrorCode, string]>>;

/** 503 and the reason. A shed caller is told to come again in a second. */
export function refuseWork(pair: Pair, why: keyof typeof codes): void {
  const [code, message] = codes[why];
  const fields = ['X-Hale-Refused', why];
  if (why === 'shed') fields.push('Retry-After', '1');
  answer(pair, { status: 503, code, message, fields });
}

/** 400: `message` names the header and what it must be. */
export function refuseWords(pair: Pair, message: string): void {
  answer(pair, { status: 400, code: 'HALE_SDK_HEADER_INVALID', message, fields: [] });
}

function answer(
  { req, res }: Pair,
  what: { status: number; code: SdkErrorCode; message: string; fields: string[] },
): void {
  if (res.headersSent) return;
  const { code, message, hint } = sdkError(what.code, what.message);
  const body = Buffer.from(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  // A goodbye may have been said already: setHeader, so that its Connection field stays.
  res.statusCode = what.status;
  res.statusMessage = STATUS_CODES[what.status]!;
  res.setHeader('content-type', 'application/json');
  res.setHeader('content-length', body.length);
  for (let i = 0; i < what.fields.length; i += 2) res.setHeader(what.fields[i]!, what.fields[i + 1]!);
  // A body that nobody will read must not be taken for the next request.
  if (!req.complete) res.setHeader('connection', 'close');
  res.end(body);
}
