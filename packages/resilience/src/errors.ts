// Every refusal of this room that reaches a caller, in one table: what happened is said by the policy, what to do next stands here.
// A refusal is no crash, so it carries no stack: capturing one costs more than all the rest of saying no.
import { HaleError } from '@hale/base';

const hints = {
  HALE_RESILIENCE_OPEN:
    'the dependency failed too often: look at it first; answer by a fallback meanwhile, or try again after details.retryAfterMs',
  HALE_RESILIENCE_FULL: 'too many calls at once: try again later, raise bulkhead.concurrentMax or give it a queue',
  HALE_RESILIENCE_TIMEOUT:
    'the callee was too slow: read context.signal to stop its work, or raise timeoutMs or deadlineMs',
} as const;

export type RefusalCode = keyof typeof hints;

export interface RefusalDetails {
  /** The failure before, where this ended a series of tries. */
  readonly cause: unknown;
  readonly details: Readonly<Record<string, unknown>>;
}

/** V8's own knob; elsewhere it is an unused property. */
const stacks = Error as unknown as { stackTraceLimit: number | undefined };

/** A HaleError without a stack. Retriable: nothing was begun, or it may be tried elsewhere. */
export function refusal(code: RefusalCode, message: string, { cause, details }: RefusalDetails): HaleError {
  const depth = stacks.stackTraceLimit;
  stacks.stackTraceLimit = 0;
  const error = new HaleError({ code, message, hint: hints[code], retriable: true, cause, details });
  stacks.stackTraceLimit = depth;
  return error;
}
