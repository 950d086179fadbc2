// A stage for tests of policies: virtual time, seeded dice, every event heard, and calls that fail as often as they are told to. Not for
// users (they have ../testing.ts), and behind no door.
import { createDegradedRegistry } from '../degraded.ts';
import { createDice, createVirtualTime } from '../testing.ts';
import type { PolicyEvent } from './events.ts';
import { policy } from './policy.ts';
import type { PolicySettings } from './settings.ts';
import type { Call, CallContext, ExecuteOptions } from './types.ts';

/** Waits that do not differ. */
export const constant = { kind: 'constant', baseMs: 100 } as const;

export function setUp(settings: PolicySettings) {
  const time = createVirtualTime();
  const degraded = createDegradedRegistry();
  const calls = policy(settings, { clock: time.clock, unit: createDice(3).unit, degraded });
  const events: PolicyEvent[] = [];
  calls.on((event) => events.push(event));
  const run = (call: Call<unknown>, options?: ExecuteOptions) =>
    time.settled(calls.execute(call, options)).then(
      (value) => ({ value, code: undefined, atMs: time.nowMs }),
      (error) => ({ value: undefined, code: String(error.code ?? error.message), error, atMs: time.nowMs }),
    );
  const after =
    (ms: number, value: unknown = 'ok') =>
    () =>
      new Promise((resolve) => void time.clock.after(ms, () => resolve(value)));
  const kinds = () => events.map(({ kind }) => kind);
  return { time, calls, events, kinds, run, after, degraded };
}

/** Fails `failures` times with `error`, then answers 'ok'. */
export function flaky(failures: number, error: unknown = new Error('broken')) {
  const contexts: CallContext[] = [];
  const call = async (context: CallContext) => {
    contexts.push(context);
    if (contexts.length <= failures) throw error;
    return 'ok';
  };
  return { call, contexts };
}

/** An error with a status. */
export const status = (code: number, more: object = {}) =>
  Object.assign(new Error(`status ${code}`), { status: code, ...more });
