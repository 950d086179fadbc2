// The understudy of a service: when a call failed for good, or was answered with 500 and more, another answer is given in its place,
// and everybody can see it: the reply, the answer to the caller of the request being answered (x-hale-degraded), and /healthz.
// Whoever gave the call up himself is not consoled.
import { isHaleError } from '@hale/base';
import type { Fallback } from './client.ts';
import type { DegradedList } from './degraded.ts';
import { sdkError } from './errors.ts';
import type { Outbound } from './outbound.ts';
import { makeReply, type Reply } from './reply.ts';

export interface Understudy {
  readonly service: string;
  readonly fallback: Fallback;
  readonly degraded: DegradedList | undefined;
}

/** The reply of `play`, or the understudy's. */
export async function withFallback(call: Outbound, how: Understudy, play: () => Promise<Reply>): Promise<Reply> {
  const { service, degraded } = how;
  let failure: Error;
  try {
    const reply = await play();
    if (reply.status < 500) {
      degraded?.remove(service);
      return reply;
    }
    void reply.discard();
    failure = sdkError('HALE_SDK_CALL_FAILED', `${call.method} ${call.path} of ${service} answered ${reply.status}`);
  } catch (error) {
    if (!isHaleError(error)) throw error;
    failure = error;
  }
  const like = await how.fallback(failure, { service, method: call.method, path: call.path });
  degraded?.answeredFor(service, failure.message);
  call.inbound?.degraded(service);
  return makeReply(like, 'fallback', service);
}
