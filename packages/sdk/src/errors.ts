// Every error that leaves this room, in one table: what happened is said by the caller, what to type next stands here.
import { HaleError } from '@hale/base';

const hints = {
  HALE_SDK_PORT_IN_USE: 'give the service another PORT, or stop what listens there: `ss -ltnp` names it',
  HALE_SDK_PORT_INVALID: 'set PORT to a whole number from 0 to 65535',
  HALE_SDK_NO_REPLICA: 'look at `hale ps`: no replica of it can be reached; try again after it was healed',
  HALE_SDK_CALL_FAILED: 'look at `hale ps` and `hale logs` of the called service',
  HALE_SDK_CALL_TIMEOUT: 'give the call a longer timeoutMs, or look at `hale describe` of the called service',
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
