// The understudy: when the call fails for good, another answer is given in its place, and a sign is hung out that says so (degraded.ts). An
// abort by the caller is no failure, nobody is there to be consoled; and a fallback that fails itself tells the first error, with its own as detail.
import type { DegradedRegistry } from './degraded.ts';
import type { Call, CallContext, Layer, Surroundings } from './policy/types.ts';

export interface FallbackSettings {
  /** What is missing when the fallback answers, e.g. `recommendations`; shown in health and in `x-hale-degraded`. */
  readonly name: string;
  /** Gives the answer in place of the failed call. Quick and local: it must not depend on what has just failed. */
  readonly answer: (error: unknown, context: CallContext) => unknown;
  /** Which errors it answers for; default all. */
  readonly when?: (error: unknown) => boolean;
}

export interface FallbackSurroundings extends Surroundings {
  /** Where the sign is hung out; one a process, so that health reads all of them. */
  readonly registry: DegradedRegistry;
}

/** Answers by `settings.answer` for what fails, and tells the registry and the event `fallback`. */
export function fallbackLayer(settings: FallbackSettings, surroundings: FallbackSurroundings): Layer {
  const { name, when = () => true } = settings;
  const { clock, events, registry } = surroundings;
  return <T>(call: Call<T>): Call<T> =>
    async (context) => {
      let failure: unknown;
      try {
        const answer = await call(context);
        registry.whole(name);
        return answer;
      } catch (error) {
        if (context.signal.aborted || !when(error)) throw error;
        failure = error;
      }
      const answer = await consoled(settings, { failure, context });
      registry.degraded(name, messageOf(failure), clock.mono());
      if (events.heard) events.tell({ kind: 'fallback', atMs: clock.mono(), name, error: failure });
      return answer as T;
    };
}

async function consoled(
  { name, answer }: FallbackSettings,
  { failure, context }: { failure: unknown; context: CallContext },
): Promise<unknown> {
  try {
    return await answer(failure, context);
  } catch (error) {
    // The reason of the trouble is the first error; the second must not hide it, nor be lost.
    throw new AggregateError(
      [failure, error],
      `${messageOf(failure)} (and the fallback '${name}' failed: ${messageOf(error)})`,
      {
        cause: failure,
      },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
