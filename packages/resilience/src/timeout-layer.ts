// The timeout of one attempt as a layer, for hedged calls (each leg has its own patience) and for `compose`. Settles at once and tells the
// callee by its signal; listens on the one sweep of its clock, so it has no timer of its own. Inside policy() an unhedged attempt does not need it.
import { refusal } from './errors.ts';
import { LazyContext } from './lazy-signal.ts';
import type { Call, CallContext, Layer, Surroundings } from './policy/types.ts';
import { type Sleeper, sweepOf } from './timer-sweep.ts';

/** Fails with HALE_RESILIENCE_TIMEOUT after `timeoutMs`. */
export function timeoutLayer(timeoutMs: number, { clock, events }: Surroundings): Layer {
  const sweep = sweepOf(clock);
  return <T>(call: Call<T>): Call<T> =>
    (outer: CallContext) =>
      new Promise<T>((resolve, reject) => {
        const nowMs = clock.mono();
        const { attempt, priority, key } = outer;
        const limitMs = nowMs + Math.min(timeoutMs, outer.remainingMs());
        const context = new LazyContext({ attempt, priority, key, limitMs }, clock);
        const end = () => {
          sweep.disarm(sleeper);
          outer.signal.removeEventListener('abort', left);
        };
        const left = () => {
          end();
          context.cancel(outer.signal.reason);
          reject(outer.signal.reason);
        };
        const sleeper: Sleeper = {
          dueMs: Number.POSITIVE_INFINITY,
          sweep: undefined,
          onDue: () => {
            const message = 'the attempt had no answer in time';
            const error = refusal('HALE_RESILIENCE_TIMEOUT', message, { cause: undefined, details: { timeoutMs } });
            if (events.heard) events.tell({ kind: 'timeout', atMs: clock.mono(), scope: 'attempt', timeoutMs });
            end();
            context.cancel(error);
            reject(error);
          },
        };
        if (outer.signal.aborted) {
          left();
          return;
        }
        outer.signal.addEventListener('abort', left);
        if (limitMs < Number.POSITIVE_INFINITY) sweep.arm(sleeper, limitMs, nowMs);
        // Inside a promise, so that a call that throws at once is a call that failed.
        new Promise<T>((begin) => begin(call(context))).finally(end).then(resolve, reject);
      });
}
