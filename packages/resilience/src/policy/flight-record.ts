// What a call under a policy carries from begin to end: the notes of its timer and its queue, what its context is made of, and where it
// stands. Only what flight.ts does with it moves it; here it is handed on (to the heir of an abandoned call) and wiped (before the next).
import type { Bulkhead, Waiter } from '../bulkhead.ts';
import type { LazyContext } from '../lazy-signal.ts';
import type { RetryBudget } from '../retry-budget.ts';
import type { Sleeper, TimerSweep } from '../timer-sweep.ts';
import type { Engine } from './engine.ts';
import type { Call, Priority } from './types.ts';

export type Phase = 'idle' | 'queued' | 'running' | 'backoff' | 'husk';

const never = Number.POSITIVE_INFINITY;
const nothing = (): void => {};
const noCall: Call<unknown> = () => undefined;

/** Plain fields, all set from the start, so that every flight has one shape. */
export abstract class FlightRecord implements Sleeper, Waiter {
  // Sleeper
  dueMs = never;
  sweep: TimerSweep | undefined = undefined;
  // Waiter
  priority: Priority = 'normal';
  ahead: Waiter | undefined = undefined;
  behind: Waiter | undefined = undefined;
  isWaiting = false;
  // What the context is made from
  attempt = 0;
  key: string | undefined = undefined;
  limitMs = never;

  protected phase: Phase = 'idle';
  protected engine: Engine | undefined = undefined;
  protected call: Call<unknown> = noCall;
  protected signal: AbortSignal | undefined = undefined;
  protected context: LazyContext | undefined = undefined;
  protected resolve: (value: unknown) => void = nothing;
  protected reject: (error: unknown) => void = nothing;
  protected beganMs = 0;
  protected attemptBeganMs = 0;
  protected callDueMs = never;
  protected retriesLeft = never;
  protected lastDelayMs = 0;
  protected ticket = -1;
  /** The wall in which it has a place, and the budget that a planned retry has charged: settings may change meanwhile. */
  protected place: Bulkhead | undefined = undefined;
  protected owed: RetryBudget | undefined = undefined;
  protected lastError: unknown = undefined;

  abstract onDue(nowMs: number): void;
  abstract onTurn(nowMs: number): void;

  protected inherit(from: FlightRecord): void {
    this.engine = from.engine;
    this.call = from.call;
    this.signal = from.signal;
    this.resolve = from.resolve;
    this.reject = from.reject;
    this.priority = from.priority;
    this.key = from.key;
    this.attempt = from.attempt;
    this.beganMs = from.beganMs;
    this.attemptBeganMs = from.attemptBeganMs;
    this.callDueMs = from.callDueMs;
    this.retriesLeft = from.retriesLeft;
    this.lastDelayMs = from.lastDelayMs;
    this.ticket = from.ticket;
    this.place = from.place;
    this.owed = from.owed;
    from.place = undefined;
    from.owed = undefined;
  }

  protected forgetCall(): void {
    this.engine = undefined;
    this.call = noCall;
    this.signal = undefined;
    this.context = undefined;
    this.resolve = nothing;
    this.reject = nothing;
    this.priority = 'normal';
    this.key = undefined;
    this.attempt = 0;
    this.retriesLeft = never;
    this.lastDelayMs = 0;
    this.lastError = undefined;
  }
}
