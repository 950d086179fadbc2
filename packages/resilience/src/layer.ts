// Two tools of every layer: a context with another signal (a leg of a hedged call, an errand that several wait for), and a pause by the
// handed clock that ends with the caller's abort and leaves no timer behind. The shapes of calls and layers stand in policy/types.ts.
import type { CallContext, Surroundings } from './policy/types.ts';

/** The same context with another signal. */
export function withSignal(context: CallContext, signal: AbortSignal): CallContext {
  const { attempt, priority, key } = context;
  return { signal, attempt, priority, key, remainingMs: () => context.remainingMs() };
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted, and then leaves no timer. */
export function pauseMs(
  ms: number,
  { clock, signal }: { clock: Surroundings['clock']; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const aborted = () => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    signal.addEventListener('abort', aborted, { once: true });
  });
}
