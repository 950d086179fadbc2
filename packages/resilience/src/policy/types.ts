// The words that the parts of a call say to each other (decision 0005): what a call is, what it is told, what a policy offers, and
// what a layer is. Rules know neither promises nor timers; the engine and the layers are given their clock and dice in `Surroundings`.
// Nothing here runs.
import type { Clock } from '@hale/base';
import type { SavedBreaker } from '../breaker.ts';
import type { Priority } from '../carried.ts';
import type { PolicyEvent } from './events.ts';
import type { PolicySettings } from './settings.ts';
import type { PolicySnapshot } from './snapshot.ts';

export type { Priority } from '../carried.ts';

/** What a call is told about itself. Safe to keep: it is never used again for another call. */
export interface CallContext {
  /** Fires when nobody waits for this attempt any more (timeout, abort, a faster hedge). Made when it is first read, so a call that
   * does not read it pays nothing. */
  readonly signal: AbortSignal;
  /** 0 for the first try, 1 for the first retry. */
  readonly attempt: number;
  readonly priority: Priority;
  /** The caller's name for what is asked, where it gave one: cache and coalescing work by it. */
  readonly key: string | undefined;
  /** Patience left for this attempt in ms, never below 0; Infinity where nothing limits it. */
  remainingMs(): number;
}

/** The work itself. What it throws, or rejects with, is judged by the policy's `classify`. */
export type Call<T> = (context: CallContext) => T | PromiseLike<T>;

/** What one caller may say about one call. */
export interface ExecuteOptions {
  /** The caller's own: once it fires, the call is over, wherever it stands (running, in backoff, in the queue). */
  readonly signal?: AbortSignal | undefined;
  /** Patience for the whole call with its retries; the nearer of this and the policy's own holds. */
  readonly timeoutMs?: number | undefined;
  /** `normal` where nothing is said. */
  readonly priority?: Priority | undefined;
  /** What the tree of calls may still spend on retries (`x-hale-retries-left`); this call retries at most so often. */
  readonly retriesLeft?: number | undefined;
  /** Names what is asked, for cache and coalescing; without it neither happens. */
  readonly key?: string | undefined;
}

/** One composition around calls of one kind (most often: to one dependency). */
export interface Policy {
  /** Makes the call under the policy. Rejects with what the call threw, with the abort reason, or with a HaleError HALE_RESILIENCE_*. */
  execute<T>(call: Call<T>, options?: ExecuteOptions): Promise<T>;
  /** Counters since the start, the breaker's state and recent latency: plain data, made when asked for. */
  snapshot(): PolicySnapshot;
  /** Hears every decision; gives the way to stop. Costs nothing while nobody listens. */
  on(listener: (event: PolicyEvent) => void): () => void;
  /** New settings, at once; counts, windows and states stay. Throws HALE_RESILIENCE_SETTINGS and keeps the old ones. */
  update(settings: PolicySettings): void;
  /** Refuses every call, as an open circuit does, until the given function is called; holders are counted. Needs no `breaker` settings. */
  isolate(): () => void;
  /** Holds the circuit closed, and goes on counting, until the given function is called. Isolation outweighs it. */
  forceClosed(): () => void;
  /** The circuit's state, to be handed to the next process as `PolicyOptions.saved`; undefined without a breaker. */
  save(): SavedBreaker | undefined;
}

/** A way around a call: what is not configured is not there and costs nothing. */
export type Layer = <T>(call: Call<T>) => Call<T>;

/** Time for policies: `mono` for durations, `wall` only to read a Retry-After date. A `Clock` of @hale/base is one, and so is virtual time. */
export type PolicyClock = Pick<Clock, 'mono' | 'wall' | 'after'>;

/** Where decisions are told. Look at `heard` before an event is made: while nobody listens none should be. */
export interface EventOutlet {
  readonly heard: boolean;
  tell(event: PolicyEvent): void;
}

/** What a layer is made with. `unit` draws uniformly in [0, 1). */
export interface Surroundings {
  readonly clock: PolicyClock;
  readonly unit: () => number;
  readonly events: EventOutlet;
}

/** How an attempt ended, as limits see it: `dropped` is overload (timeout, refusal of the other side), `ignored` says nothing about load. */
export type LimitOutcome = 'ok' | 'dropped' | 'ignored';

/** A rule that says how many calls may run at once. The engine pairs each granted `tryAcquire` with one `release`. */
export interface ConcurrencyLimit {
  /** True: the call may run now. */
  tryAcquire(nowMs: number, priority: Priority): boolean;
  /** A granted call is over after `rttMs`. */
  release(outcome: LimitOutcome, rttMs: number, nowMs: number): void;
  readonly limit: number;
  readonly inFlight: number;
}
