// A watch beside a transaction: it ends the waiting for a database that says nothing, and then tells the transaction's own code, should
// it ever wake up, that nobody waits for it any more and that it must not go on.
import type { Clock, Timer } from '@hale/base';

export interface Watch {
  /** From now on at most this long; undefined: no bound (something else bounds it). */
  set(withinMs: number | undefined): void;
  /** Throws once the watch has rung. */
  check(): void;
  /** Settles as `promise` does, or rejects when the watch rings. */
  race<T>(promise: Promise<T>): Promise<T>;
  stop(): void;
}

export function createWatch(clock: Clock): Watch {
  const rung = Promise.withResolvers<never>();
  rung.promise.catch(() => {});
  let error: Error | undefined;
  let timer: Timer | undefined;
  return {
    set(withinMs) {
      timer?.cancel();
      timer = undefined;
      if (withinMs === undefined) return;
      timer = clock.after(withinMs, () => {
        error = new Error(`the database did not answer within ${withinMs} ms`);
        rung.reject(error);
      });
    },
    check() {
      if (error !== undefined) throw error;
    },
    race(promise) {
      promise.catch(() => {});
      return Promise.race([promise, rung.promise]);
    },
    stop: () => timer?.cancel(),
  };
}
