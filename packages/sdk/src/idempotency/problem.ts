// A refusal that a person and a program can both read: application/problem+json (RFC 9457), with the code and the next thing to do.
import type { HaleError } from '@hale/base';
import { type Refusal, refusedHeader } from '@hale/resilience';
import type { Answer } from './store.ts';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The database went away under it: a gateway that knows the key is enforced asks again by itself. */
const undone = new Set(['HALE_SDK_KEY_STORE_DOWN', 'HALE_SDK_KEY_WORK_UNDONE', 'HALE_SDK_KEY_OUTCOME_UNKNOWN']);

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
    headers: {
      'content-type': 'application/problem+json',
      ...(error.retriable ? { 'retry-after': '1' } : {}),
      ...(undone.has(error.code) ? { [refusedHeader]: 'undone' satisfies Refusal } : {}),
    },
    body: new TextEncoder().encode(JSON.stringify(body)),
  };
}
