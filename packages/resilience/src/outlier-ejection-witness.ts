// Whose word counts when one of the team is accused: who is plainly ill himself, who is plainly well, and everybody between, who is not heard.
import type { Ejectable } from './outlier-ejection.ts';

/** From one failure in five answers on a host is ill, whatever the others do. */
export const illErrorShare = 0.2;
/** Good answers in a row without which nobody is called well: of those who fail half the time one in a thousand has as many. */
const okProven = 10;

/** Its last answer was a failure, or one in five of its answers, in this window or the one before. */
export function isIll(host: Ejectable): boolean {
  if (host.errorsInRow > 0 || host.lastErrorShare >= illErrorShare) return true;
  return host.failures >= 3 && host.failures >= host.answers * illErrorShare;
}

/** Well for a while, and proven by a request that was sent since. */
export function isWell(host: Ejectable, sinceMs: number): boolean {
  return host.okInRow >= okProven && host.lastOkSentMs >= sinceMs && !isIll(host);
}
