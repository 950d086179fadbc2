// One alarm clock for a whole dormitory: everything that is under way and has an end in time lies on one list, and one timer rings for
// the nearest of them. Who finishes early only crosses out his time and stays on the list until the next look, so a call that ends in
// time, as nearly all do, costs two numbers and no timer. It rings at most `restMs` after the last one left, finds nobody and is gone:
// whoever is idle has no timer. (Not createDeadlineSweep of deadline.ts: that one ticks for as long as its owner, a worker, lives.)
import type { Timer } from '@hale/base';
import type { PolicyClock } from './policy/types.ts';

/** Something with an end. `dueMs` is changed only by `arm` and `disarm`. */
export interface Sleeper {
  dueMs: number;
  /** The sweep's note: on whose list it lies. */
  sweep: TimerSweep | undefined;
  /** Called once, disarmed. */
  onDue(nowMs: number): void;
}

const restMs = 50;

export class TimerSweep {
  private readonly clock: PolicyClock;
  private readonly list: Sleeper[] = [];
  private timer: Timer | undefined;
  private ringsMs = Number.POSITIVE_INFINITY;
  private nearestMs = Number.POSITIVE_INFINITY;
  private armed = 0;

  constructor(clock: PolicyClock) {
    this.clock = clock;
  }

  /** A timer exists now. */
  get isTicking(): boolean {
    return this.timer !== undefined;
  }

  /** `dueMs` must be finite; a sleeper that is armed already is moved. */
  arm(sleeper: Sleeper, dueMs: number, nowMs: number): void {
    if (sleeper.dueMs === Number.POSITIVE_INFINITY) this.armed++;
    sleeper.dueMs = dueMs;
    if (sleeper.sweep !== this) {
      // Another clock's sweep that still has it on its list will pass it over.
      sleeper.sweep = this;
      this.list.push(sleeper);
    }
    if (dueMs >= this.nearestMs) return;
    this.nearestMs = dueMs;
    if (dueMs < this.ringsMs && this.ringsMs - nowMs > 1) this.ring(Math.min(dueMs, nowMs + restMs), nowMs);
  }

  disarm(sleeper: Sleeper): void {
    if (sleeper.dueMs === Number.POSITIVE_INFINITY) return;
    sleeper.dueMs = Number.POSITIVE_INFINITY;
    this.armed--;
  }

  private ring(atMs: number, nowMs: number): void {
    if (this.ringsMs <= atMs) return;
    this.timer?.cancel();
    this.ringsMs = atMs;
    this.timer = this.clock.after(Math.max(0, atMs - nowMs), this.look);
  }

  private readonly look = (): void => {
    const nowMs = this.clock.mono();
    this.timer = undefined;
    this.ringsMs = Number.POSITIVE_INFINITY;
    if (this.armed === 0) this.clear();
    // Half a millisecond early is in time: hosts round their timers.
    else if (this.nearestMs <= nowMs + 0.5) this.sweep(nowMs);
    if (this.armed > 0) this.ring(Math.max(nowMs + 1, Math.min(this.nearestMs, nowMs + restMs)), nowMs);
  };

  private clear(): void {
    for (const sleeper of this.list) if (sleeper.sweep === this) sleeper.sweep = undefined;
    this.list.length = 0;
    this.nearestMs = Number.POSITIVE_INFINITY;
  }

  private sweep(nowMs: number): void {
    const { list } = this;
    let kept = 0;
    let nearestMs = Number.POSITIVE_INFINITY;
    const due: Sleeper[] = [];
    for (const sleeper of list) {
      if (sleeper.sweep !== this) continue;
      if (sleeper.dueMs <= nowMs + 0.5) due.push(sleeper);
      else if (sleeper.dueMs < Number.POSITIVE_INFINITY) {
        list[kept++] = sleeper;
        nearestMs = Math.min(nearestMs, sleeper.dueMs);
        continue;
      }
      sleeper.sweep = undefined;
    }
    list.length = kept;
    this.nearestMs = nearestMs;
    for (const sleeper of due) {
      // An earlier one may have ended this one, or moved it.
      if (sleeper.dueMs > nowMs + 0.5) continue;
      this.disarm(sleeper);
      sleeper.onDue(nowMs);
    }
  }
}

const sweeps = new WeakMap<PolicyClock, TimerSweep>();

/** The one sweep of a clock. */
export function sweepOf(clock: PolicyClock): TimerSweep {
  let sweep = sweeps.get(clock);
  if (sweep === undefined) {
    sweep = new TimerSweep(clock);
    sweeps.set(clock, sweep);
  }
  return sweep;
}
