// The watertight wall: so many calls at once and no more, a bounded line of those who wait, and everybody else is sent away. A slow
// dependency then fills its own compartment and not the ship. Knows no promise and no clock: who waits is a link in a chain, so one who
// gives up leaves it at once, from any place. With an adaptive limit the number of places is learned instead of set.
import type { ConcurrencyLimit, LimitOutcome, Priority } from './policy/types.ts';

export interface BulkheadSettings {
  /** Calls that may run at once. */
  readonly concurrentMax: number;
  /** Calls that may wait; default 0: refused at once. */
  readonly queueMax?: number | undefined;
  /** Who waited longest goes first (`fifo`, default), or who came last (`lifo`: under overload some are served in time instead of all late). */
  readonly order?: 'fifo' | 'lifo' | undefined;
  /** Longest wait; default: as long as the call's patience. */
  readonly waitMaxMs?: number | undefined;
}

/** A link of the waiting line; the bulkhead writes `ahead` and `behind`. */
export interface Waiter {
  readonly priority: Priority;
  ahead: Waiter | undefined;
  behind: Waiter | undefined;
  isWaiting: boolean;
  /** Your turn: the place is taken for you. */
  onTurn(nowMs: number): void;
}

export class Bulkhead {
  inFlight = 0;
  queued = 0;
  private settings: BulkheadSettings;
  private adaptive: ConcurrencyLimit | undefined;
  /** Calls that run and were let in by no adaptive limit, or by another one: it must not hear of their end. */
  private strangers = 0;
  private isCalling = false;
  private first: Waiter | undefined = undefined;
  private last: Waiter | undefined = undefined;

  constructor(settings: BulkheadSettings, adaptive?: ConcurrencyLimit) {
    this.settings = settings;
    this.adaptive = adaptive;
  }

  get limit(): number {
    const learned = this.adaptive?.limit ?? Number.POSITIVE_INFINITY;
    return Math.min(Math.floor(learned), this.settings.concurrentMax);
  }

  get waitMaxMs(): number {
    return this.settings.waitMaxMs ?? Number.POSITIVE_INFINITY;
  }

  /** True: go, and `release` later. False: `enqueue`, or leave. */
  tryAcquire(nowMs: number, priority: Priority): boolean {
    if (this.queued > 0 || this.inFlight >= this.settings.concurrentMax) return false;
    if (this.adaptive !== undefined && !this.adaptive.tryAcquire(nowMs, priority)) return false;
    this.inFlight++;
    return true;
  }

  /** False: the line is full. */
  enqueue(waiter: Waiter): boolean {
    if (this.queued >= (this.settings.queueMax ?? 0)) return false;
    waiter.ahead = this.last;
    waiter.behind = undefined;
    if (this.last === undefined) this.first = waiter;
    else this.last.behind = waiter;
    this.last = waiter;
    waiter.isWaiting = true;
    this.queued++;
    return true;
  }

  /** Gives up waiting; nothing where it does not wait. */
  leave(waiter: Waiter): void {
    if (!waiter.isWaiting) return;
    if (waiter.ahead === undefined) this.first = waiter.behind;
    else waiter.ahead.behind = waiter.behind;
    if (waiter.behind === undefined) this.last = waiter.ahead;
    else waiter.behind.ahead = waiter.ahead;
    waiter.ahead = waiter.behind = undefined;
    waiter.isWaiting = false;
    this.queued--;
  }

  /** A place is free again; whoever is next gets it. */
  release(outcome: LimitOutcome, latencyMs: number, nowMs: number): void {
    this.inFlight--;
    if (this.strangers > 0) this.strangers--;
    else this.adaptive?.release(outcome, latencyMs, nowMs);
    if (this.queued > 0) this.callNext(nowMs);
  }

  /** More places let those in who wait; fewer throw nobody out. */
  update(settings: BulkheadSettings, adaptive: ConcurrencyLimit | undefined, nowMs: number): void {
    this.settings = settings;
    if (adaptive !== this.adaptive) this.strangers = adaptive === undefined ? 0 : this.inFlight;
    this.adaptive = adaptive;
    if (this.queued > 0) this.callNext(nowMs);
  }

  private callNext(nowMs: number): void {
    // A call that ends at once frees its place within its own turn: the loop below sees it, a recursion would be as deep as the line is long.
    if (this.isCalling) return;
    this.isCalling = true;
    while (this.queued > 0 && this.inFlight < this.settings.concurrentMax) {
      const next = (this.settings.order === 'lifo' ? this.last : this.first)!;
      if (this.adaptive !== undefined && !this.adaptive.tryAcquire(nowMs, next.priority)) break;
      this.leave(next);
      this.inFlight++;
      next.onTurn(nowMs);
    }
    this.isCalling = false;
  }
}
