// The doorman: who may come to the counter. A call must name us as one does on this machine (a foreign Host is DNS rebinding),
// must not come from another site's page (a foreign Origin is a forged request), and must carry the token, in a header or in
// the cookie that `?token=` is traded for. Tokens are compared in constant time (INV-12).
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type ControlErrorCode, controlErrors } from '../errors.ts';

export type Admission =
  | { readonly kind: 'welcome' }
  /** Give the cookie and send the browser to the same place without the token. */
  | { readonly kind: 'trade'; readonly location: string; readonly cookie: string }
  | { readonly kind: 'refused'; readonly status: 401 | 403; readonly code: ControlErrorCode; readonly message: string };

export interface Visit {
  readonly method: string;
  /** Path and query, as asked for. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

const localNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Judges a visit. `isOpen`: this place needs no token (but Host and Origin must be ours all the same). */
export function admit(visit: Visit, token: string, isOpen: boolean): Admission {
  const { headers } = visit;
  const host = headers.host ?? '';
  if (!localNames.has(host.replace(/:\d+$/, '').toLowerCase())) {
    return refuse(403, 'HALE_CONTROL_FOREIGN_HOST', `Host '${host}' is not this machine`);
  }
  const origin = headers.origin;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return refuse(403, 'HALE_CONTROL_FOREIGN_ORIGIN', `a page of ${origin} asks`);
  }
  const cookieName = cookieNameFor(host);
  const traded = tradeToken(visit, token, cookieName);
  if (traded !== undefined) return traded;
  if (isOpen) return { kind: 'welcome' };
  const given = bearerOf(headers.authorization) ?? cookieOf(headers.cookie, cookieName);
  if (given === undefined) return refuse(401, 'HALE_CONTROL_UNAUTHORIZED', 'this needs the token of the system');
  return isSame(given, token)
    ? { kind: 'welcome' }
    : refuse(401, 'HALE_CONTROL_UNAUTHORIZED', 'this is not the token of this system');
}

/** Browsers share cookies among the ports of one host: each system's carries its port, so that two can be open at once. */
function cookieNameFor(host: string): string {
  return `hale_token_${/:(\d+)$/.exec(host)?.[1] ?? '80'}`;
}

/** `?token=` of a page that a person opened. Undefined when there is none (or it is wrong and a good cookie may still help). */
function tradeToken({ method, url }: Visit, token: string, cookieName: string): Admission | undefined {
  if (method !== 'GET') return undefined;
  // The path is kept as it is, and must be one: '//elsewhere' would lead the browser away.
  const parsed = new URL(url.replace(/^\/+/, '/'), 'http://localhost');
  const given = parsed.searchParams.get('token');
  if (given === null) return undefined;
  if (!isSame(given, token)) return refuse(401, 'HALE_CONTROL_UNAUTHORIZED', 'this is not the token of this system');
  parsed.searchParams.delete('token');
  const cookie = `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000`;
  return { kind: 'trade', location: parsed.pathname + parsed.search, cookie };
}

function refuse(status: 401 | 403, code: ControlErrorCode, message: string): Admission {
  return { kind: 'refused', status, code, message };
}

export const hintOf = (code: ControlErrorCode): string => controlErrors[code];

function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer (\S+)$/i.exec(header ?? '')?.[1];
}

function cookieOf(header: string | undefined, cookieName: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === cookieName) return value;
  }
  return undefined;
}

/** Compared as hashes, so that neither time nor length tells anything. */
function isSame(given: string, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}
