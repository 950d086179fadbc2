// A bench outside the door: whoever waits for an incarnation to end sits here, and is called when it has, or when his time is up.
import type { Clock } from '@hale/base';
import type { Incarnation } from '@hale/model';

export interface EndWaiters {
  /** True when it ended in time. */
  wait(incarnation: Incarnation, ms: number): Promise<boolean>;
  wake(incarnation: Incarnation): void;
}

export function createEndWaiters(clock: Clock): EndWaiters {
  const waiting = new Map<Incarnation, Set<() => void>>();
  return {
    wait(incarnation, ms) {
      const seats = waiting.get(incarnation) ?? new Set();
      waiting.set(incarnation, seats);
      return new Promise((resolve) => {
        const settle = (hasEnded: boolean) => {
          timer.cancel();
          seats.delete(wake);
          if (seats.size === 0) waiting.delete(incarnation);
          resolve(hasEnded);
        };
        const wake = () => settle(true);
        const timer = clock.after(ms, () => settle(false));
        seats.add(wake);
      });
    },
    wake(incarnation) {
      for (const wake of [...(waiting.get(incarnation) ?? [])]) wake();
    },
  };
}
