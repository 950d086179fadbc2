// A call's own alarm bell, which is hung up only when somebody wants to listen: an AbortController for every call is what makes other
// libraries slow (nodejs/performance#44). Read late, after the call was given up, it rings at once.
import type { CallContext, PolicyClock, Priority } from './policy/types.ts';

export interface ContextInit {
  readonly attempt: number;
  readonly priority: Priority;
  readonly key: string | undefined;
  /** When its patience ends (mono ms); Infinity: never. */
  readonly limitMs: number;
}

/** The context of one attempt. Made anew for each and never reused: a callee may keep it. */
export class LazyContext implements CallContext {
  /** Never used, always alive: a full collection in a moment without calls would else take the shape of contexts along, and with it all
   * compiled code that knows it. */
  static readonly keepsShape = new LazyContext(
    { attempt: 0, priority: 'normal', key: undefined, limitMs: 0.5 },
    { mono: () => 0, wall: () => 0, after: () => ({ cancel: () => {} }) },
  );

  readonly attempt: number;
  readonly priority: Priority;
  readonly key: string | undefined;
  private readonly clock: PolicyClock;
  private readonly limitMs: number;
  private controller: AbortController | undefined = undefined;
  private reason: unknown = undefined;

  constructor(init: ContextInit, clock: PolicyClock) {
    this.attempt = init.attempt;
    this.priority = init.priority;
    this.key = init.key;
    this.limitMs = init.limitMs;
    this.clock = clock;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  remainingMs(): number {
    return this.limitMs === Number.POSITIVE_INFINITY ? this.limitMs : Math.max(0, this.limitMs - this.clock.mono());
  }

  /** Nobody waits any more. */
  cancel(reason: unknown): void {
    this.reason = reason;
    this.controller?.abort(reason);
  }
}
