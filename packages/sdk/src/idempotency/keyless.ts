// A request without a ticket, where none is asked for: its work still gets a transaction of its own, and is over when it is over.
// A commit whose answer was lost stays unknown: there is no key to ask by, and that is what keys are for.
import type { OnceRequest, OnceResult } from './once.ts';
import type { Answer } from './store.ts';

/** Ends the transaction without a commit. */
class NotKept extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super('rolled back: the answer is not final');
    this.answer = answer;
  }
}

export async function runKeyless<Tx>(request: Omit<OnceRequest<Tx>, 'claim'>): Promise<OnceResult> {
  const { store, work, keeps, times } = request;
  const state: { answer: Answer | undefined; threw: unknown; began: boolean } = {
    answer: undefined,
    threw: undefined,
    began: false,
  };
  const signal = () => AbortSignal.timeout(times.workTimeoutMs);
  try {
    await store.transact(async (tx) => {
      // The first statement is the store's own: it opens the transaction.
      await store.beat(tx);
      state.began = true;
      const answer = await work({ tx, signal }).catch((error: unknown) => {
        state.threw = error;
        throw error;
      });
      if (!keeps(answer)) throw new NotKept(answer);
      state.answer = answer;
    }, times.workTimeoutMs);
    return { kind: 'fresh', answer: state.answer! };
  } catch (error) {
    if (error instanceof NotKept) return { kind: 'discarded', answer: error.answer };
    if (state.threw !== undefined && error === state.threw) return { kind: 'threw', error };
    if (state.answer !== undefined) return { kind: 'unknown', cause: error };
    return { kind: 'undone', began: state.began, cause: error };
  }
}
