// A call's own alarm bell, which is hung up only when somebody wants to listen: an AbortController for every call is what makes other
// libraries slow (nodejs/performance#44). Read late, after the call was given up, it rings at once.
import type { CallContext, PolicyClock, Priority } from './policy/types.ts';

export interface ContextInit {
  readonly clock: PolicyClock;
  readonly attempt: number;
  readonly priority: Priority;
  readonly key: string | undefined;
  /** Infinity: no deadline. */
  readonly dueMs: number;
}

/** The context of one attempt. Made anew for each and never reused: a callee may keep it. */
export class LazyContext implements CallContext {
  readonly attempt: number;
  readonly priority: Priority;
  readonly key: string | undefined;
  private readonly clock: PolicyClock;
  private readonly dueMs: number;
  private controller: AbortController | undefined = undefined;
  private reason: unknown = undefined;

  constructor({ clock, attempt, priority, key, dueMs }: ContextInit) {
    this.attempt = attempt;
    this.priority = priority;
    this.key = key;
    this.clock = clock;
    this.dueMs = dueMs;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  remainingMs(): number {
    return this.dueMs === Number.POSITIVE_INFINITY ? this.dueMs : Math.max(0, this.dueMs - this.clock.mono());
  }

  /** Nobody waits any more. */
  cancel(reason: unknown): void {
    this.reason = reason;
    this.controller?.abort(reason);
  }
}
