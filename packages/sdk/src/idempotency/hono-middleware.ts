// Keyed requests for Hono, on node. The request's body is read from a copy, so that the handler finds its own untouched.
import { boundedBytes } from './bounded-bytes.ts';
import { isKeyError, keyError } from './errors.ts';
import type { Idempotency } from './idempotency.ts';
import { problemAnswer } from './problem.ts';
import type { Answer } from './store.ts';

/** As much of Hono's Context as is needed. */
export interface HonoContext {
  readonly req: { readonly method: string; readonly url: string; readonly raw: Request };
  res: Response | undefined;
}
export type HonoMiddleware = (c: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>;

export function webMiddleware<Tx>(idempotency: Idempotency<Tx>): HonoMiddleware {
  const { answerBytesMax, bodyBytesMax } = idempotency.settings;
  return async (c, next) => {
    const { method, raw } = c.req;
    if (!idempotency.covers(method)) {
      await next();
      return undefined;
    }
    let begun = false;
    const { pathname, search } = new URL(c.req.url);
    const body = await readBody(raw, bodyBytesMax).catch(refusal);
    if ('status' in body) return toResponse(body);
    const request = {
      method,
      url: pathname + search,
      header: (name: string) => raw.headers.get(name) ?? undefined,
      body,
    };
    const answer = await idempotency.handle(request, async () => {
      begun = true;
      await next();
      return fromResponse(c.res!, answerBytesMax);
    });
    if (!begun) return toResponse(answer);
    // Hono mixes the headers of an old answer into a new one, unless there is no old one.
    c.res = undefined;
    c.res = toResponse(answer);
    return undefined;
  };
}

async function readBody(raw: Request, bytesMax: number): Promise<Uint8Array> {
  const body = raw.body === null ? new Uint8Array() : await boundedBytes(raw.clone().body, bytesMax);
  if (body.byteLength <= bytesMax) return body;
  throw keyError('HALE_SDK_KEY_BODY_TOO_LARGE', `the body has more than ${bytesMax} bytes`);
}

function refusal(error: unknown): Answer {
  if (!isKeyError(error)) throw error;
  return problemAnswer(error);
}

async function fromResponse(response: Response, bytesMax: number): Promise<Answer> {
  const headers: Record<string, string | readonly string[]> = Object.fromEntries(response.headers);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  return { status: response.status, headers, body: await boundedBytes(response.body, bytesMax) };
}

function toResponse(answer: Answer): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name === 'content-length' || name === 'transfer-encoding') continue;
    for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one);
  }
  const bodiless = answer.status === 204 || answer.status === 304;
  return new Response(bodiless ? null : Buffer.from(answer.body), { status: answer.status, headers });
}
