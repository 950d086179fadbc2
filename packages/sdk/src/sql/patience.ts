// How long somebody waits: one timer a transaction, raced by each of its steps. What comes after the end is not lost but nobody's.
import type { Clock } from '@hale/base';

export interface Patience {
  /** Mono ms. */
  readonly dueMs: number;
  remainingMs(): number;
  /** `promise`, or a rejection with what `onEnd` gives when time is up first. */
  within<T>(promise: Promise<T>, onEnd: () => Error): Promise<T>;
  /** Resolves after `ms`, or when time is up. */
  pause(ms: number): Promise<void>;
  close(): void;
}

export function createPatience(clock: Clock, ms: number): Patience {
  const dueMs = clock.mono() + ms;
  const listeners = new Set<() => void>();
  let isOver = false;
  const timer = clock.after(ms, () => {
    isOver = true;
    for (const tell of listeners) tell();
  });
  // A timer may fire a fraction of a millisecond early: whoever began to wait then would wait for ever, because it fires once.
  const remainingMs = () => (isOver ? 0 : Math.max(0, dueMs - clock.mono()));
  return {
    dueMs,
    remainingMs,
    within(promise, onEnd) {
      return new Promise((resolve, reject) => {
        const end = () => reject(onEnd());
        if (remainingMs() === 0) end();
        listeners.add(end);
        promise.then(resolve, reject).finally(() => listeners.delete(end));
      });
    },
    pause: (pauseMs) =>
      new Promise((resolve) => {
        clock.after(Math.min(pauseMs, remainingMs()), resolve);
      }),
    close: () => timer.cancel(),
  };
}
