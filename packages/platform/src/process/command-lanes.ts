// One lane for each incarnation: what is ordered of it is done one after the other, the same order twice is one, and an order that
// takes too long is answered with 'timeout' (what it began goes on, and is seen in observations).
import type { Clock } from '@hale/base';
import { isHaleError } from '@hale/base';
import type { Command, CommandResult, Incarnation } from '@hale/model';
import { type PlatformErrorCode, platformHints } from '../errors.ts';

export interface CommandLanes {
  /** What `act` gives is where the log of a fenced node ends. */
  run(
    command: Command,
    incarnation: Incarnation,
    act: () => Promise<number | undefined | void>,
  ): Promise<CommandResult>;
}

export function createCommandLanes(clock: Clock): CommandLanes {
  const underWay = new Map<string, Promise<CommandResult>>();
  return {
    run(command, incarnation, act) {
      const same = underWay.get(command.id);
      if (same !== undefined) return same;
      const before = underWay.get(incarnation) ?? Promise.resolve();
      const result = before.then(() => withDeadline(attempt(act), command.deadlineMs, clock));
      for (const name of [command.id, incarnation]) {
        underWay.set(name, result);
        void result.finally(() => {
          if (underWay.get(name) === result) underWay.delete(name);
        });
      }
      return result;
    },
  };
}

/** Operating errors are results, never exceptions. */
export async function attempt(act: () => Promise<number | undefined | void>): Promise<CommandResult> {
  try {
    const logEnd = await act();
    return typeof logEnd === 'number' ? { kind: 'done', logEnd } : { kind: 'done' };
  } catch (error) {
    if (!isHaleError(error))
      return failure('HALE_PLATFORM_UNKNOWN', error instanceof Error ? error.message : String(error));
    if (error.code === 'HALE_PLATFORM_STALE_EPOCH') return { kind: 'stale' };
    return { kind: 'failed', code: error.code, message: error.message, hint: error.hint };
  }
}

export function failure(code: PlatformErrorCode, message: string): CommandResult {
  return { kind: 'failed', code, message, hint: platformHints[code] };
}

function withDeadline(work: Promise<CommandResult>, ms: number, clock: Clock): Promise<CommandResult> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve({ kind: 'timeout' }));
    void work.then((result) => {
      timer.cancel();
      resolve(result);
    });
  });
}
