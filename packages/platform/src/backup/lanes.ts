// A few pairs of hands: work is begun at once while a hand is free, else the caller waits. The first failure is what everybody
// hears, and nothing new is begun after it.

export interface Lanes {
  /** Resolves when `work` has been begun (not when it is done). Rejects with the first failure of any work. */
  run(work: () => Promise<void>): Promise<void>;
  /** Resolves when all is done. */
  drain(): Promise<void>;
}

export function createLanes(count: number): Lanes {
  const busy = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const check = () => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    async run(work) {
      while (busy.size >= count && failure === undefined) await Promise.race(busy);
      check();
      const running = work()
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => busy.delete(running));
      busy.add(running);
    },
    async drain() {
      await Promise.all(busy);
      check();
    },
  };
}
