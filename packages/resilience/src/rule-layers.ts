// Rules made into layers, for `compose`: rate limit, client throttle, adaptive limit and fault injection, each a few lines around its state
// machine. What a rule refuses is thrown as a HaleError that is not begun work and may be asked elsewhere. A wait ends with the caller's abort.
import type { ClientThrottle } from './client-throttle.ts';
import { refusal } from './errors.ts';
import type { FaultInjection } from './fault-injection.ts';
import { pauseMs } from './layer.ts';
import type { Call, ConcurrencyLimit, Layer, LimitOutcome, Surroundings } from './policy/types.ts';
import type { RateLimit } from './rate-limit.ts';

/** Waits for its turn, at most as long as the settings and the call's patience allow; else HALE_RESILIENCE_RATE_LIMITED. */
export function rateLimitLayer(rule: RateLimit, { clock }: Surroundings): Layer {
  return <T>(call: Call<T>): Call<T> =>
    async (context) => {
      const waitMs = rule.reserve(clock.mono(), context.remainingMs(), context.priority);
      if (waitMs < 0) throw refusal('HALE_RESILIENCE_RATE_LIMITED', 'more calls than the rate limit allows');
      if (waitMs > 0) {
        try {
          await pauseMs(waitMs, { clock, signal: context.signal });
        } catch (error) {
          rule.gaveUp();
          throw error;
        }
        rule.began();
      }
      return call(context);
    };
}

/** Refuses here what would be refused there: HALE_RESILIENCE_THROTTLED. `isRefusal` tells the other side's refusals from other failures. */
export function clientThrottleLayer(
  rule: ClientThrottle,
  { clock, isRefusal }: Surroundings & { readonly isRefusal: (error: unknown) => boolean },
): Layer {
  return <T>(call: Call<T>): Call<T> =>
    async (context) => {
      if (!rule.admit(context.priority, clock.mono()))
        throw refusal('HALE_RESILIENCE_THROTTLED', 'not sent: the other side refuses most calls at present');
      try {
        const answer = await call(context);
        rule.record(true, clock.mono());
        return answer;
      } catch (error) {
        rule.record(!isRefusal(error), clock.mono());
        throw error;
      }
    };
}

/** Lets as many in as the other side bears, else HALE_RESILIENCE_FULL. `judge` says what a failure means for the limit. */
export function limitLayer(
  rule: ConcurrencyLimit,
  { clock, judge }: Surroundings & { readonly judge: (error: unknown) => LimitOutcome },
): Layer {
  return <T>(call: Call<T>): Call<T> =>
    async (context) => {
      const beganMs = clock.mono();
      if (!rule.tryAcquire(beganMs, context.priority)) {
        const message = `${rule.inFlight} calls run, the other side bears no more`;
        throw refusal('HALE_RESILIENCE_FULL', message, { details: { refused: 'limit' } });
      }
      let outcome: LimitOutcome = 'ok';
      try {
        return await call(context);
      } catch (error) {
        outcome = context.signal.aborted ? 'ignored' : judge(error);
        throw error;
      } finally {
        const nowMs = clock.mono();
        rule.release(outcome, nowMs - beganMs, nowMs);
      }
    };
}

/** Fails, delays or answers in place of the call, as its dice say. */
export function faultInjectionLayer(rule: FaultInjection, { clock }: Surroundings): Layer {
  return <T>(call: Call<T>): Call<T> =>
    async (context) => {
      const fault = rule.decide();
      if (fault === undefined) return call(context);
      if (fault.behaviour !== undefined) await fault.behaviour();
      if (fault.latencyMs !== undefined) await pauseMs(fault.latencyMs, { clock, signal: context.signal });
      if (fault.error !== undefined) throw fault.error();
      return fault.outcome === undefined ? call(context) : (fault.outcome() as T);
    };
}
