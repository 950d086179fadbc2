// What may be done twice without harm: the rules of RFC 9110 section 9.2.2, and what undici's errors tell about how far a
// request came. In doubt it is not repeated.
import type { TryEnd } from '@hale/resilience';

/** How a try ended. refused: nothing was sent. broken: sent, and the connection died. timeout: sent, and no answer in time. */
export type Failure = 'refused' | 'broken' | 'timeout';

/** What it means for the purse of retries. */
export const tryEnds: Readonly<Record<Failure, TryEnd>> = { refused: 'unsent', broken: 'lost', timeout: 'late' };

/** Tries without a pause; after that the request waits in the holding room. */
export const triesAtOnceMax = 3;
/** A request that has broken this many connections is not shown to another replica: it may be what kills them. */
export const brokenMax = 3;
/** What a request and all calls below it may spend on retries together, when nobody above has said (decision 0005). */
export const retriesPerRequest = brokenMax - 1;
/**
 * After this many broken connections it waits before the last try: when a whole service is killed at once, a request breaks on
 * one dying replica after the other within milliseconds, and a moment later the table knows who lives.
 */
export const brokenAtOnceMax = 2;

/** QUERY and the rest are left out on purpose: only what every server treats as idempotent. */
export function isSafeToRepeat(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'PUT':
    case 'DELETE':
    case 'OPTIONS':
    case 'TRACE':
      return true;
    default:
      return false;
  }
}

/** undici refused to write the request at all: it is the request's fault, not the replica's. */
export function isNotSendable(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return (
    code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'
  );
}

/** The connection died, as opposed to a replica that answered with something that is not HTTP. */
export function isConnectionLost(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return (
    code === 'UND_ERR_SOCKET' ||
    code === 'UND_ERR_DESTROYED' ||
    code === 'UND_ERR_INFO' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    code === 'ETIMEDOUT' ||
    code === 'ECONNREFUSED' ||
    code === 'ECONNABORTED'
  );
}
