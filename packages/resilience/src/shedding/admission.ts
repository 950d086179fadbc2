// The shift leader at a server's door. Each request that comes is begun, asked to wait a moment, or refused before any work was done for it,
// the least urgent first. Nothing is tuned: an adaptive limit learns how many may be inside, the waiting room (bounded by that limit,
// and by a fraction of the usual latency when it never empties: CoDel, RFC 8289) absorbs bursts, and the line of the priorities (priority-levels.ts)
// turns most of an overload away at the door. A handler that computes for long is noticed by the turn of the event loop it takes: the next
// one begins when the loop has read all who have come meanwhile, and they are sorted.
//
//   enter ---- room and turn ----> inside -- leave --> (next is called in)
//     |---- neither -> waiting ----^   | waited too long, displaced, caller gone -> refused
//     '---- below the line ------------'
import { type AdaptiveLimitSettings, limitDefaults } from '../adaptive-limit.ts';
import type { Priority } from '../carried.ts';
import { ConcurrencyGradient } from '../concurrency-gradient.ts';
import type { LimitOutcome, Surroundings } from '../policy/types.ts';
import { createPriorityLevels } from '../priority-levels.ts';
import { checkNumbers } from '../rule-settings.ts';
import { createWaitingRoom, type Waiting } from './waiting-room.ts';

/** Why a request was refused: below the line, no seat, waited too long, or nobody waits for the answer any more. */
export type ShedReason = 'level' | 'full' | 'wait' | 'deadline';

/** A request at the door. Exactly one of `begin` and `refuse` is called, at once or later, unless it goes away by itself. */
export interface Guest {
  readonly priority: Priority;
  /** When its caller gives up (mono ms); Infinity when never. */
  readonly deadlineMs: number;
  begin(): void;
  refuse(why: ShedReason): void;
}

/** What `enter` gives. */
export interface Ticket {
  readonly state: 'waiting' | 'inside' | 'gone';
  /** Ends it: gives its place to the next when it was inside, its seat when it waited. Once; later calls do nothing. */
  leave(outcome: LimitOutcome): void;
}

export interface AdmissionSettings extends Pick<AdaptiveLimitSettings, 'min' | 'initial' | 'max'> {
  /** How long one turn of the event loop may begin new work; default 5 ms. */
  readonly turnMs?: number;
  /** In a burst nobody is refused for having waited less; default 100 ms. Under a siege it is a few calls' time instead. */
  readonly waitMinMs?: number;
  /** Share of refusals that are carried out, 0 to 1; default 1. At 0 all are let in and only told (dry run). */
  readonly enforce?: number;
}

export interface AdmissionOptions {
  readonly clock: Surroundings['clock'];
  /** Uniform in [0, 1). */
  readonly unit: () => number;
  readonly settings?: AdmissionSettings;
  /** Runs a function after the events that are ready have been read (`setImmediate`). Without it, turns are not told apart. */
  readonly defer?: (fn: () => void) => void;
  /** Every refusal; `carriedOut` false in a dry run. */
  readonly onShed?: (shed: {
    readonly priority: Priority;
    readonly why: ShedReason;
    readonly carriedOut: boolean;
  }) => void;
}

export interface AdmissionSnapshot {
  readonly limit: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** 0: nobody is turned away at the door; 1: all sheddable; 2: all normal too. */
  readonly line: number;
  /** Usual latency of a request that waits for nobody (ms), once known. */
  readonly baselineMs: number | undefined;
  readonly admitted: number;
  readonly shed: Readonly<Record<Priority, number>>;
}

export interface Admission {
  enter(guest: Guest): Ticket;
  snapshot(): AdmissionSnapshot;
  /** Takes new settings; what was learned and who is inside or waits stays. Throws HALE_RESILIENCE_SETTINGS and keeps the old ones. */
  update(settings: AdmissionSettings): void;
}

const defaults = { min: 1, initial: 64, max: 1000, turnMs: 5, waitMinMs: 100, enforce: 1 };
/** How long the room may be without having been empty before its queue counts as standing (CoDel's interval). */
const standingMs = 100;
/** What a guest may wait: so many p90s of an undisturbed latency, or so many times the mean pause between two that leave, whichever is more. */
const patience = {
  critical: { lives: 1, calls: 12 },
  burst: { lives: 0.4, calls: 3 },
  /** While the queue stands. */
  standing: { lives: 0.25, calls: 1.5 },
};
/** Before a latency is known. */
const unknownWaitMs = 100;
const sweepMs = 20;
const gapWeight = 0.1;
const seatsMin = 8;
/** A burst may have so many times more seats than a siege: how long anyone sits is bounded. */
const burstSeats = 8;
/** So many turns of the event loop without an arrival, and the line outside is empty: a connection is accepted in one, read in the next. */
const quietTurns = 3;
/** Nobody is refused for having waited less, not even under a siege. */
const siegeWaitMinMs = 5;

export function createAdmission(options: AdmissionOptions): Admission {
  return new Door(options);
}

class Visit implements Ticket, Waiting {
  readonly priority: Priority;
  readonly guest: Guest;
  readonly arrivedMs: number;
  readonly #door: Door;
  before: Waiting | undefined = undefined;
  after: Waiting | undefined = undefined;
  waits = false;
  beganMs = Number.NaN;
  state: 'waiting' | 'inside' | 'gone' = 'waiting';

  constructor(guest: Guest, arrivedMs: number, door: Door) {
    this.guest = guest;
    this.priority = guest.priority;
    this.arrivedMs = arrivedMs;
    this.#door = door;
  }

  leave(outcome: LimitOutcome): void {
    this.#door.left(this, outcome);
  }
}

class Door implements Admission {
  readonly #options: AdmissionOptions;
  #settings: Required<AdmissionSettings>;
  readonly #limit: ConcurrencyGradient;
  readonly #levels = createPriorityLevels(100, 2);
  readonly #room = createWaitingRoom<Visit>();
  readonly #shed = { critical: 0, normal: 0, sheddable: 0 };
  #admitted = 0;
  #emptyMs: number;
  #sweeping = false;
  /** Mean pause between two who leave while somebody waits (ms), and when the last one did. */
  #gapMs = 0;
  #leftMs = Number.NaN;
  /** Time that beginning work has taken in this turn of the event loop. */
  #turnUsedMs = 0;
  #turnEnds = false;
  #arrivals = 0;
  #calling = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#settings = checked(options.settings ?? {});
    this.#limit = new ConcurrencyGradient({ ...limitDefaults, ...this.#settings });
    this.#emptyMs = options.clock.mono();
  }

  enter(guest: Guest): Ticket {
    const nowMs = this.#options.clock.mono();
    const visit = new Visit(guest, nowMs, this);
    this.#arrivals++;
    const passes = this.#levels.arrive(guest.priority, this.#options.unit(), nowMs);
    if (guest.deadlineMs <= nowMs) this.#refuse(visit, 'deadline');
    else if (!passes && this.#mayRefuse(visit, 'level')) this.#refuse(visit, 'level');
    else if (this.#isNext(guest.priority) && this.#turnHasTime() && this.#hasRoom()) this.#begin(visit, nowMs);
    else this.#seat(visit);
    return visit;
  }

  left(visit: Visit, outcome: LimitOutcome): void {
    const { state } = visit;
    visit.state = 'gone';
    if (state === 'waiting') this.#room.remove(visit);
    if (state !== 'inside') return;
    const nowMs = this.#options.clock.mono();
    this.#limit.release(outcome, nowMs - visit.beganMs, nowMs);
    if (this.#room.size > 0 && this.#leftMs > this.#emptyMs)
      this.#gapMs += (nowMs - this.#leftMs - this.#gapMs) * gapWeight;
    this.#leftMs = nowMs;
    this.#callIn();
  }

  snapshot(): AdmissionSnapshot {
    const { limit, inFlight, baselineMs } = this.#limit;
    const { line } = this.#levels;
    return {
      limit,
      inFlight,
      waiting: this.#room.size,
      line,
      baselineMs,
      admitted: this.#admitted,
      shed: { ...this.#shed },
    };
  }

  update(settings: AdmissionSettings): void {
    this.#settings = checked(settings);
    this.#limit.update({ ...limitDefaults, ...this.#settings });
    this.#callIn();
  }

  /** Nobody waits whom this one would overtake. */
  #isNext(priority: Priority): boolean {
    return this.#room.size === 0 || (priority === 'critical' && this.#room.oldest('critical') === undefined);
  }

  #hasRoom(): boolean {
    const hasRoom = this.#limit.inFlight < this.#limit.slots;
    if (!hasRoom) this.#limit.full();
    return hasRoom;
  }

  #seat(visit: Visit): void {
    if (this.#room.size === 0) this.#emptyMs = visit.arrivedMs;
    const seats =
      Math.max(seatsMin, Math.ceil(this.#limit.limit)) * (this.#isStanding(visit.arrivedMs) ? 1 : burstSeats);
    const displaced = this.#room.seat(visit, seats);
    if (displaced !== undefined) this.#turnAway(displaced, 'full');
    if (this.#room.size > 0) this.#sweepLater();
    this.#callIn();
  }

  /** Calls in as many as there is room and time for. */
  #callIn(): void {
    // A guest that ends inside `begin` comes back here: the loop below goes on in its place, not a deeper one.
    if (this.#calling) return;
    this.#calling = true;
    while (this.#room.size > 0 && this.#turnHasTime()) {
      const nowMs = this.#options.clock.mono();
      const visit = this.#room.next(this.#isStanding(nowMs));
      if (visit === undefined || !this.#hasRoom()) break;
      this.#room.remove(visit);
      if (visit.guest.deadlineMs <= nowMs) this.#refuse(visit, 'deadline');
      else if (nowMs - visit.arrivedMs > this.#waitMaxMs(visit, nowMs)) this.#turnAway(visit, 'wait');
      else this.#begin(visit, nowMs);
    }
    this.#calling = false;
    if (this.#room.size === 0) this.#emptyMs = this.#options.clock.mono();
    else if (!this.#turnHasTime()) this.#endTurn();
  }

  #begin(visit: Visit, nowMs: number): void {
    visit.state = 'inside';
    visit.beganMs = nowMs;
    this.#admitted++;
    this.#levels.admitted();
    this.#limit.take(nowMs);
    visit.guest.begin();
    if (this.#options.defer === undefined) return;
    this.#turnUsedMs += this.#options.clock.mono() - nowMs;
    if (!this.#turnHasTime()) this.#endTurn();
  }

  #turnHasTime(): boolean {
    return this.#turnUsedMs < this.#settings.turnMs;
  }

  /** This turn has begun enough: go on after the loop has read what has come. */
  #endTurn(): void {
    if (this.#turnEnds || this.#options.defer === undefined) return;
    this.#turnEnds = true;
    this.#read(this.#options.defer, { sinceMs: this.#options.clock.mono(), arrivals: this.#arrivals, quiet: 0 });
  }

  /** Turns of the loop that only read, until nobody comes any more: one turn of it takes hardly more than one from the line outside. */
  #read(defer: (fn: () => void) => void, seen: { sinceMs: number; arrivals: number; quiet: number }): void {
    defer(() => {
      const quiet = this.#arrivals === seen.arrivals ? seen.quiet + 1 : 0;
      const isLong = this.#options.clock.mono() - seen.sinceMs >= this.#settings.turnMs;
      if (quiet < quietTurns && !isLong) {
        this.#read(defer, { sinceMs: seen.sinceMs, arrivals: this.#arrivals, quiet });
        return;
      }
      this.#turnEnds = false;
      this.#turnUsedMs = 0;
      this.#callIn();
    });
  }

  #isStanding(nowMs: number): boolean {
    return this.#levels.line > 0 || nowMs - this.#emptyMs > standingMs;
  }

  #waitMaxMs(visit: Visit, nowMs: number): number {
    const { meanMs, tailMs, slots } = this.#limit;
    if (meanMs === 0) return unknownWaitMs;
    const isSiege = this.#isStanding(nowMs);
    const { lives, calls } =
      visit.priority === 'critical' ? patience.critical : isSiege ? patience.standing : patience.burst;
    // Where handlers compute, fewer are worked on at once than there are slots; a stall of the machine is not to be taken for that.
    const gapMs = Math.max(Math.min(this.#gapMs, 2 * meanMs), meanMs / slots);
    return Math.max(isSiege ? siegeWaitMinMs : this.#settings.waitMinMs, tailMs * lives, calls * gapMs);
  }

  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#options.clock.after(
      sweepMs,
      () => {
        this.#sweeping = false;
        this.#sweep();
      },
      true,
    );
  }

  /** Refuses who has waited too long although nobody has left. */
  #sweep(): void {
    const nowMs = this.#options.clock.mono();
    for (const priority of ['sheddable', 'normal', 'critical'] as const) {
      for (let visit = this.#room.oldest(priority); visit !== undefined; visit = this.#room.oldest(priority)) {
        if (nowMs - visit.arrivedMs <= this.#waitMaxMs(visit, nowMs)) break;
        this.#room.remove(visit);
        this.#turnAway(visit, visit.guest.deadlineMs <= nowMs ? 'deadline' : 'wait');
      }
    }
    if (this.#room.size > 0) this.#sweepLater();
    this.#callIn();
  }

  /** No room for it, although the line let it pass: what makes the line rise. */
  #turnAway(visit: Visit, why: ShedReason): void {
    this.#levels.full();
    if (this.#mayRefuse(visit, why)) this.#refuse(visit, why);
    else this.#begin(visit, this.#options.clock.mono());
  }

  /** Tells of a refusal; false: it is a dry run for this one. */
  #mayRefuse(visit: Visit, why: ShedReason): boolean {
    const { enforce } = this.#settings;
    const carriedOut = enforce >= 1 || this.#options.unit() < enforce;
    this.#options.onShed?.({ priority: visit.priority, why, carriedOut });
    return carriedOut;
  }

  #refuse(visit: Visit, why: ShedReason): void {
    visit.state = 'gone';
    this.#shed[visit.priority]++;
    visit.guest.refuse(why);
  }
}

function checked(settings: AdmissionSettings): Required<AdmissionSettings> {
  const { min = defaults.min, max = defaults.max } = settings;
  const all = { ...defaults, initial: Math.max(min, Math.min(max, defaults.initial)), ...settings };
  checkNumbers('shedding', [
    { name: 'min', value: all.min, min: 1, max: 1e6 },
    { name: 'max', value: all.max, min: all.min, max: 1e6 },
    { name: 'initial', value: all.initial, min: all.min, max: all.max },
    { name: 'turnMs', value: all.turnMs, min: 0.1, max: 1000 },
    { name: 'waitMinMs', value: all.waitMinMs, min: 0, max: 60_000 },
    { name: 'enforce', value: all.enforce, min: 0, max: 1 },
  ]);
  return all;
}
