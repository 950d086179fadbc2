// Every error that leaves this room, in one table: what happened is said by the caller, what to type next stands here.
import { HaleError } from '@hale/base';

const hints = {
  HALE_SDK_PORT_IN_USE: 'give the service another PORT, or stop what listens there: `ss -ltnp` names it',
  HALE_SDK_PORT_INVALID: 'set PORT to a whole number from 0 to 65535',
  HALE_SDK_NO_REPLICA: 'look at `hale ps`: no replica of it can be reached; try again after it was healed',
  HALE_SDK_CALL_FAILED: 'look at `hale ps` and `hale logs` of the called service',
  HALE_SDK_CALL_TIMEOUT: 'give the call a longer timeoutMs, or look at `hale describe` of the called service',
  HALE_SDK_CALL_REFUSED:
    'the called service failed too often or there is no room for more calls: look at `hale ps`, try again later, or give the client a `fallback`',
  HALE_SDK_SERVICE_UNKNOWN:
    "add it to `uses` of this service in hale.config.ts, or give the client `endpoints: ['http://host:port']`",
  HALE_SDK_CLIENT_INVALID: 'correct the setting that the message names',
  HALE_SDK_ANSWER_TOO_LARGE: 'read it in pieces from `reply.body`, or give the client a larger answerBytesMax',
  HALE_SDK_HEADER_INVALID: 'send the header as docs/decisions/0005-calls.md says, or leave it out',
  HALE_SDK_REFUSED_DEADLINE: 'give the first call of the chain a longer timeoutMs',
  HALE_SDK_REFUSED_SHED: 'try again after Retry-After, or start more replicas: `hale scale`',
  HALE_SDK_FASTIFY_MISSING: 'npm install fastify',
} as const;

export type SdkErrorCode = keyof typeof hints;

export function sdkError(
  code: SdkErrorCode,
  message: string,
  more: { cause?: unknown; retriable?: boolean; details?: Readonly<Record<string, unknown>> } = {},
): HaleError {
  return new HaleError({ code, message, hint: hints[code], ...more });
}
