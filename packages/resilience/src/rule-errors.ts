// What a caller gets when a rule of his own refuses: the code says which, the hint what to turn. The work was not begun, so it may be
// tried elsewhere or later; nothing here is a failure of the other side.
import { HaleError } from '@hale/base';

const words = {
  HALE_RESILIENCE_RATE_LIMITED: {
    message: 'refused by the rate limit: more calls than its settings allow',
    hint: 'raise rateLimit.perSecond or waitMaxMs, or call less often',
  },
  HALE_RESILIENCE_THROTTLED: {
    message: 'refused by the client throttle: the other side refuses most calls at present',
    hint: 'wait: it lets calls through again as soon as the other side accepts them; see clientThrottle.ratio',
  },
  HALE_RESILIENCE_LIMITED: {
    message: 'refused by the adaptive limit: the other side has as many calls as it bears',
    hint: 'try again later or elsewhere; mark what can wait as sheddable, what must not as critical',
  },
} as const;

/** The refusal as an error; retriable, since nothing was begun. */
export function refusedByRule(code: keyof typeof words): HaleError {
  return new HaleError({ code, ...words[code], retriable: true });
}
