// The envelope of a letter that is passed on: what was meant for us alone is taken off (hop-by-hop, RFC 9110 section 7.6.1), who
// sent it is noted (X-Forwarded-*), the rest is left exactly as written. Works on flat [name, value, ...] arrays, so nothing is copied twice.
import type { IncomingHttpHeaders } from 'node:http';
import type { CallerRequest } from './caller.ts';

/** Never dropped because Connection names them: that would be a way to cut off what the next one needs (hop-by-hop abuse). */
const unremovable = new Set([
  'host',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'cache-control',
  'authorization',
  // It would be taken for there, and the request repeated without it.
  'idempotency-key',
]);

/** Names that the Connection field lists, lower case; undefined in the usual cases. */
function namedInConnection(connection: string | undefined): Set<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  const names = new Set<string>();
  for (const part of connection.toLowerCase().split(',')) {
    const name = part.trim();
    if (name !== '' && name !== 'keep-alive' && name !== 'close' && !unremovable.has(name)) names.add(name);
  }
  return names.size === 0 ? undefined : names;
}

type Kind = 'pass' | 'drop' | 'host' | 'for' | 'proto' | 'forwarded-host' | 'priority';

/** Looks at the length first: nearly every field is settled without lower-casing its name. */
function kindOf(name: string): Kind {
  switch (name.length) {
    case 2:
      return name.toLowerCase() === 'te' ? 'drop' : 'pass';
    case 4:
      return name.toLowerCase() === 'host' ? 'host' : 'pass';
    case 6:
      return name.toLowerCase() === 'expect' ? 'drop' : 'pass';
    case 7: {
      const lower = name.toLowerCase();
      return lower === 'upgrade' || lower === 'trailer' ? 'drop' : 'pass';
    }
    case 10: {
      const lower = name.toLowerCase();
      return lower === 'connection' || lower === 'keep-alive' ? 'drop' : 'pass';
    }
    case 15: {
      const lower = name.toLowerCase();
      if (lower === 'x-forwarded-for') return 'for';
      return lower === 'x-hale-priority' ? 'priority' : 'pass';
    }
    case 16: {
      const lower = name.toLowerCase();
      if (lower === 'x-forwarded-host') return 'forwarded-host';
      return lower === 'proxy-connection' ? 'drop' : 'pass';
    }
    case 17: {
      const lower = name.toLowerCase();
      if (lower === 'x-forwarded-proto') return 'proto';
      // The words of the next try take the place of what was said (words.ts).
      return lower === 'transfer-encoding' || lower === 'x-hale-timeout-ms' ? 'drop' : 'pass';
    }
    case 19:
      return name.toLowerCase() === 'x-hale-retries-left' ? 'drop' : 'pass';
    default:
      return 'pass';
  }
}

/**
 * The request's fields as they go upstream: hop-by-hop taken off, Host kept, the client appended to X-Forwarded-For;
 * X-Forwarded-Proto and -Host are kept from a proxy in front, else set. Nobody outside (`isPublic`) may call his own request critical.
 */
export function requestHeaders(req: CallerRequest, isPublic: boolean): string[] {
  const raw = req.rawHeaders;
  const named = namedInConnection(req.headers.connection);
  const out: string[] = [];
  let host = '';
  let forwardedFor = '';
  let hasProto = false;
  let hasForwardedHost = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    const kind = kindOf(name);
    if (kind === 'drop' || named?.has(name.toLowerCase())) continue;
    if (kind === 'for') {
      forwardedFor = forwardedFor === '' ? value : `${forwardedFor}, ${value}`;
      continue;
    }
    if (kind === 'priority' && isPublic && value !== 'sheddable') continue;
    if (kind === 'host') host = value;
    else if (kind === 'proto') hasProto = true;
    else if (kind === 'forwarded-host') hasForwardedHost = true;
    out.push(name, value);
  }
  const client = clientAddress(req);
  out.push('X-Forwarded-For', forwardedFor === '' ? client : `${forwardedFor}, ${client}`);
  if (!hasProto) out.push('X-Forwarded-Proto', req.socket.encrypted === true ? 'https' : 'http');
  if (!hasForwardedHost && host !== '') out.push('X-Forwarded-Host', host);
  return out;
}

function clientAddress(req: CallerRequest): string {
  const address = req.socket.remoteAddress ?? 'unknown';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/**
 * The response's fields as they go to the client: hop-by-hop taken off, several values as several fields. Trailer stays
 * only where trailers can follow (`mayTrail`).
 */
export function responseHeaders(headers: IncomingHttpHeaders, mayTrail: boolean): string[] {
  const connection = headers.connection;
  const named = connection === undefined ? undefined : namedInConnection(connection);
  const out: string[] = [];
  for (const name in headers) {
    if (isResponseHop(name) || named?.has(name) || (name === 'trailer' && !mayTrail)) continue;
    const value = headers[name];
    if (typeof value === 'string') out.push(name, value);
    else if (value !== undefined) for (const one of value) out.push(name, one);
  }
  return out;
}

function isResponseHop(name: string): boolean {
  switch (name) {
    case 'connection':
    case 'keep-alive':
    case 'transfer-encoding':
    case 'upgrade':
    case 'proxy-connection':
    case 'te':
    case 'x-hale-retries-spent':
      return true;
    default:
      return false;
  }
}

/** A request target as replicas expect it: 'http://host/path' (what proxies are sent) becomes '/path'. */
export function originForm(url: string): string {
  if (url.charCodeAt(0) === 0x2f /* / */) return url;
  const match = /^https?:\/\/[^/?#]*(.*)$/i.exec(url);
  if (match === null) return url;
  const rest = match[1]!;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
