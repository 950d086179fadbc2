// What of an answer's headers is said again: those that describe it. Cookies and whatever a proxy or a tracer added belong to the
// moment, not to the answer, and a stored session cookie would be a leak.
import type { Answer } from './store.ts';

const repeated = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'link',
  'location',
  'vary',
]);

/** `more`: names, lower case, that the service wants repeated besides. */
export function keptHeaders(headers: Answer['headers'], more: readonly string[]): Answer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => repeated.has(name.toLowerCase()) || more.includes(name.toLowerCase())),
  );
}
