// Two fingerprints: of the ticket (which record is it?) and of the luggage (is it the same request?). SHA-256 of a canonical
// spelling, so that the order of a JSON body's fields, its blanks, and the framework that parsed it make no difference.
import { createHash, hash } from 'node:crypto';
import { canonicalJson } from '@hale/base';
import { keyError } from './errors.ts';

export interface Payload {
  readonly method: string;
  /** Path and query as they were asked for. */
  readonly url: string;
  readonly contentType: string | undefined;
  /** Bytes, text, or what a parser made of them; undefined: none. */
  readonly body: unknown;
  /** Values of the headers that belong to the request's meaning, in a fixed order. */
  readonly headers: readonly (string | undefined)[];
}

/** Hex, 64 digits. Throws HALE_SDK_KEY_BODY_UNHASHABLE. */
export function fingerprintOf(payload: Payload): string {
  const digest = createHash('sha256');
  digest.update(`${payload.method}\n${payload.url}\n${JSON.stringify(payload.headers)}\n`);
  const body = spell(payload.body, payload.contentType);
  if (body !== undefined) digest.update(body);
  return digest.digest('hex');
}

/** Hex, 64 digits, of parts that may hold anything: each is told apart from its neighbours. */
export function identityOf(...parts: readonly (string | undefined)[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex');
}

/** The first 64 bits of a hex digest as PostgreSQL's bigint, in decimal. */
export function lockNumberOf(digest: string): string {
  return BigInt.asIntN(64, BigInt(`0x${digest.slice(0, 16)}`)).toString();
}

function spell(body: unknown, contentType: string | undefined): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  const isBytes = body instanceof Uint8Array;
  if (isBytes || typeof body === 'string') {
    if (!/[/+]json\b/i.test(contentType ?? '')) return body;
    return canonicalText(isBytes ? new TextDecoder().decode(body) : body) ?? body;
  }
  try {
    return canonicalJson(body);
  } catch (error) {
    throw keyError('HALE_SDK_KEY_BODY_UNHASHABLE', `the body has no canonical spelling: ${(error as Error).message}`);
  }
}

/** Undefined for what is no JSON, or too deep to be spelled again: its bytes are compared then. */
function canonicalText(text: string): string | undefined {
  try {
    return canonicalJson(JSON.parse(text));
  } catch {
    return undefined;
  }
}
