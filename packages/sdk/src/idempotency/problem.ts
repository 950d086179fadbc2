// A refusal that a person and a program can both read: application/problem+json (RFC 9457), with the code and the next thing to do.
import type { HaleError } from '@hale/base';
import type { Answer } from './store.ts';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** `error.details.status` says which status; a retriable one asks to come back in a second. */
export function problemAnswer(error: HaleError): Answer {
  const status = Number(error.details['status'] ?? 500);
  const body = {
    title: titles[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
    hint: error.hint,
  };
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...(error.retriable ? { 'retry-after': '1' } : {}) },
    body: new TextEncoder().encode(JSON.stringify(body)),
  };
}
