// Every refusal of this room that reaches a caller, in one table: what happened is said by the policy, what to do next stands here.
// A refusal is no crash, so it carries no stack: capturing one costs more than all the rest of saying no.
import { HaleError } from '@hale/base';

const hints = {
  HALE_RESILIENCE_OPEN:
    'the dependency failed too often: look at it first; answer by a fallback meanwhile, or try again after details.retryAfterMs',
  HALE_RESILIENCE_FULL:
    'too many calls at once: try again later or elsewhere, raise bulkhead.concurrentMax or give it a queue; mark what can wait as sheddable, what must not as critical',
  HALE_RESILIENCE_RATE_LIMITED: 'raise rateLimit.perSecond or waitMaxMs, or call less often',
  HALE_RESILIENCE_THROTTLED:
    'wait: calls go through again as soon as the other side accepts them; see clientThrottle.ratio',
  HALE_RESILIENCE_TIMEOUT:
    'the callee was too slow: read context.signal to stop its work, or raise timeoutMs or deadlineMs',
} as const;

export type RefusalCode = keyof typeof hints;

export interface RefusalDetails {
  /** The failure before, where this ended a series of tries. */
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Between a refusal and HaleError: the one line that a stack would begin with. */
const refusals = Object.create(HaleError.prototype, {
  name: { value: 'HaleError' },
  stack: {
    get(this: HaleError) {
      return `${this.name}: ${this.message}`;
    },
  },
}) as HaleError;

/**
 * A HaleError (by `instanceof` and by its fields) that was never constructed as an Error: constructing one, even with no frames to capture,
 * costs thirty times as much. Retriable: nothing was begun, or it may be tried elsewhere.
 */
export function refusal(code: RefusalCode, message: string, { cause, details = {} }: RefusalDetails = {}): HaleError {
  const error = Object.create(refusals) as Writable<HaleError>;
  error.message = message;
  error.code = code;
  error.hint = hints[code];
  error.retriable = true;
  error.details = details;
  if (cause !== undefined) error.cause = cause;
  return error;
}
