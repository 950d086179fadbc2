// What a well-defined API says when something does not fit: on the serving side these become answers, on the calling side exceptions.
import { HaleError } from '@hale/base';

export const apiErrors = {
  HALE_SDK_API_INPUT: { status: 400, hint: 'correct the fields named in problems; GET /openapi.json describes them' },
  HALE_SDK_API_NOT_JSON: { status: 415, hint: "send the body as JSON, with 'content-type: application/json'" },
  HALE_SDK_API_TOO_LARGE: { status: 413, hint: 'send less, or raise bodyBytesMax where the API is served' },
  HALE_SDK_API_NO_OPERATION: { status: 404, hint: 'GET /openapi.json lists the operations' },
  HALE_SDK_API_METHOD: { status: 405, hint: 'use a method of the Allow header' },
  HALE_SDK_API_OUTPUT: { status: 500, hint: 'the service answers something else than its API says: see its log' },
  HALE_SDK_API_DEFINITION: { status: 500, hint: 'correct the operation in api({ ... })' },
  HALE_SDK_API_REFUSED: { status: 502, hint: 'details.status and details.error tell what the called service said' },
  HALE_SDK_API_MISMATCH: { status: 502, hint: 'caller and service know different editions of the API: run hale plan' },
} as const;

export type ApiErrorCode = keyof typeof apiErrors;

export function apiError(
  code: ApiErrorCode,
  message: string,
  more: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
): HaleError {
  return new HaleError({ code, message, hint: apiErrors[code].hint, ...more });
}

/**
 * Thrown by an implementation to answer something else than success.
 *
 * @example
 * if (stock < wanted) throw new ApiRefusal(409, 'OUT_OF_STOCK', 'only 2 are left');
 */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  /** `status`: 400 to 599. `details` are sent along with the code and the message. */
  constructor(status: number, code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'ApiRefusal';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}
