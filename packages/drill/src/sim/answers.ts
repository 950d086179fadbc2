// What the hands owe: for each command under way, how it ended, once. An answer is given in the very moment in which it is known, and not
// when promises next settle: virtual time would have gone on by then, and one game would no longer be one function of its seed.
import type { Command, CommandId, CommandResult } from '@hale/model';

type Listener = (result: CommandResult) => unknown;

export interface Answers {
  /** Something that can be waited for as for a promise, by one listener. */
  expect(command: Command): PromiseLike<CommandResult>;
  /** Nobody may be waiting any more. */
  give(id: CommandId, result: CommandResult): void;
}

export function createAnswers(): Answers {
  const open = new Map<CommandId, Answer>();
  return {
    expect({ id }) {
      const answer = new Answer();
      open.set(id, answer);
      return answer;
    },
    give(id, result) {
      open.get(id)?.give(result);
      open.delete(id);
    },
  };
}

class Answer implements PromiseLike<CommandResult> {
  #listener: Listener | undefined;
  #given: CommandResult | undefined;

  give(result: CommandResult): void {
    this.#given = result;
    this.#listener?.(result);
  }

  // biome-ignore lint/suspicious/noThenProperty: it is what a promise has
  then<A, B>(onGiven?: ((result: CommandResult) => A | PromiseLike<A>) | null): PromiseLike<A | B> {
    this.#listener = onGiven ?? undefined;
    if (this.#given !== undefined) this.#listener?.(this.#given);
    return this as unknown as PromiseLike<A | B>;
  }
}
