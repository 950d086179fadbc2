// What can go wrong with a keyed request, in one table: which status the caller gets, whether sending the same again may help,
// and what to do next. The caller sees it as application/problem+json (RFC 9457) with the code and the hint in it.
import { HaleError } from '@hale/base';

interface Fault {
  readonly status: number;
  readonly hint: string;
}

const faults = {
  HALE_SDK_KEY_MISSING: {
    status: 400,
    hint: 'send an Idempotency-Key header: one new value for each thing you want done, the same one when you ask again',
  },
  HALE_SDK_KEY_INVALID: {
    status: 400,
    hint: 'send one Idempotency-Key of 1 to 255 visible ASCII characters, bare or in double quotes; a UUID is fine',
  },
  HALE_SDK_KEY_REUSED: {
    status: 422,
    hint: 'use a new Idempotency-Key for another request; send the same body only when you repeat the first one',
  },
  HALE_SDK_KEY_IN_PROGRESS: {
    status: 409,
    hint: 'send the same request again after Retry-After: you will get the answer of the first one',
  },
  HALE_SDK_KEY_STORE_DOWN: {
    status: 503,
    hint: 'send the same request with the same key again after Retry-After: nothing was done',
  },
  HALE_SDK_KEY_WORK_UNDONE: {
    status: 503,
    hint: 'send the same request with the same key again after Retry-After: all that was begun was undone',
  },
  HALE_SDK_KEY_WORK_TIMEOUT: {
    status: 503,
    hint: 'let the handler do less before it answers, or give createIdempotency a longer workTimeoutMs',
  },
  HALE_SDK_KEY_FAILURE_SWALLOWED: {
    status: 500,
    hint: 'set a savepoint before a statement that may fail: afterwards PostgreSQL commits nothing of the transaction',
  },
  HALE_SDK_KEY_OUTCOME_UNKNOWN: {
    status: 503,
    hint: 'send the same request with the same key again: the key finds out whether it was done, and does it at most once',
  },
  HALE_SDK_KEY_ANSWER_TOO_LARGE: {
    status: 500,
    hint: 'answer with less (a link to the result), or give createIdempotency a larger answerBytesMax',
  },
  HALE_SDK_KEY_BODY_TOO_LARGE: {
    status: 413,
    hint: 'send a smaller body, or give createIdempotency a larger bodyBytesMax',
  },
  HALE_SDK_KEY_BODY_UNREAD: {
    status: 500,
    hint: 'put the body parser (express.json()) before the idempotency middleware',
  },
  HALE_SDK_KEY_BODY_UNHASHABLE: { status: 400, hint: 'send a body that is not nested that deeply' },
  HALE_SDK_KEY_CONTEXT_MISSING: {
    status: 500,
    hint: 'call context() while a keyed request is being handled, behind the idempotency middleware',
  },
  HALE_SDK_KEY_OPTION_INVALID: { status: 500, hint: 'correct the option that the message names' },
} as const satisfies Readonly<Record<string, Fault>>;

export type KeyErrorCode = keyof typeof faults;

export function keyError(code: KeyErrorCode, message: string, cause?: unknown): HaleError {
  const { status, hint } = faults[code];
  // Only what is in the way for the moment is worth another try with the same key.
  return new HaleError({
    code,
    message,
    hint,
    retriable: status === 409 || status === 503,
    cause,
    details: { status },
  });
}

export function isKeyError(error: unknown): error is HaleError {
  return error instanceof HaleError && error.code in faults;
}
