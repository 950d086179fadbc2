// What a letter says besides itself (decision 0005): the words that every request carries on to its replica, the key that the gateway
// gives, and what an answer tells about work that was not begun or is not finished. Nothing is decided here about whom to ask next.
import type { IncomingHttpHeaders } from 'node:http';
import { type Clock, makeUlid, seedRng } from '@hale/base';
import {
  formatPatience,
  patienceHeader,
  type Refusal,
  readCarriedBack,
  refusedHeader,
  retriesLeftHeader,
  retriesSpentHeader,
} from '@hale/resilience';

const keyHeader = 'idempotency-key';
/** A replica that does not say how long is asked again after this; none is waited for longer than the second. */
const retryAfterMs = 1000;
const retryAfterMsMax = 5000;

/** Gives keys to requests that have none: `hale-<ulid>`, good for this request's tries and nothing else. */
export function createKeyMint(clock: Clock, seed: number): () => string {
  let dice = seedRng(seed);
  return () => {
    const { id, next } = makeUlid(clock.wall(), dice);
    dice = next;
    return `hale-${id}`;
  };
}

export function hasKey(headers: IncomingHttpHeaders): boolean {
  return headers[keyHeader] !== undefined;
}

export function addKey(fields: string[], key: string): void {
  fields.push(keyHeader, key);
}

/** Room for the words of a try at the end of the fields, so that each try writes them without looking for them. */
export function addTryWords(fields: string[]): void {
  fields.push(patienceHeader, '', retriesLeftHeader, '');
}

/** What this try may take, and what the tree below it may spend on retries. */
export function writeTryWords(fields: string[], patienceMs: number, retriesLeft: number): void {
  fields[fields.length - 3] = formatPatience(patienceMs);
  fields[fields.length - 1] = String(retriesLeft);
}

/** Retries that the tree below says it has spent; 0 when it says nothing. */
export function retriesSpentBelow(headers: IncomingHttpHeaders): number {
  return headers[retriesSpentHeader] === undefined ? 0 : readCarriedBack(headers).retriesSpent;
}

export function addRetriesSpent(fields: string[], spent: number): void {
  if (spent > 0) fields.push(retriesSpentHeader, String(spent));
}

/** Why the work was not begun; undefined when nothing says that it was not. */
export function refusalOf(status: number, headers: IncomingHttpHeaders): Refusal | undefined {
  return status === 503 && headers[refusedHeader] !== undefined ? readCarriedBack(headers).refused : undefined;
}

/** A 409 that asks to come again (the key's first request is under way) says when, in ms; undefined for any other answer. */
export function comeAgainMs(status: number, headers: IncomingHttpHeaders): number | undefined {
  const said = headers['retry-after'];
  if (status !== 409 || said === undefined) return undefined;
  const seconds = /^\d{1,6}$/.test(said) ? Number(said) : Number.NaN;
  return Number.isNaN(seconds) ? retryAfterMs : Math.min(retryAfterMsMax, Math.max(100, seconds * 1000));
}
