// Whether there is room for one more: the admission of @hale/resilience before this service's handlers, on unless told otherwise. It
// learns how many requests at once the process does best and turns away the least urgent of the rest before they are begun.
// Left to themselves are requests that are no requests in that sense: event streams (they stay for hours), and whatever has
// been inside for longer than ten seconds, whose place is given to others.
import type { IncomingMessage } from 'node:http';
import { type Clock, createRng, randomSeed } from '@hale/base';
import { type AdmissionSettings, type AdmissionSnapshot, createAdmission, type Priority } from '@hale/resilience';
import { createPatienceList, type PatienceList, type Patient } from './patience-list.ts';

/** Exactly one of `begin` and `refuse` is called, at once or later. */
export interface DoorGuest {
  readonly priority: Priority;
  /** Mono ms; Infinity for never. */
  readonly deadlineMs: number;
  begin(): void;
  refuse(why: string): void;
}

export interface DoorTicket {
  /** Over, or gone away while waiting. */
  leave(outcome: 'ok' | 'dropped' | 'ignored'): void;
}

export interface Door {
  /** True while nobody is asked anything. */
  readonly isOpen: boolean;
  enter(guest: DoorGuest): DoorTicket;
  /** False: everybody may begin. Settings: the same as of `createAdmission`. Throws HALE_RESILIENCE_SETTINGS. */
  set(shedding: boolean | AdmissionSettings): void;
  /** Undefined while it is open. */
  snapshot(): AdmissionSnapshot | undefined;
}

const stayMsMax = 10_000;

/** A door that sheds, as long as `set(false)` was not said. */
export function createDoor(clock: Clock): Door {
  const rng = createRng(randomSeed());
  const patience = createPatienceList(clock);
  const admission = createAdmission({
    clock,
    unit: () => rng.unit(),
    defer: (fn) => void setImmediate(fn),
  });
  let isOpen = false;
  return {
    get isOpen() {
      return isOpen;
    },
    enter: (guest) => new Stay(guest, { admission, patience, clock }),
    set(shedding) {
      if (typeof shedding !== 'boolean') admission.update(shedding);
      isOpen = shedding === false;
    },
    snapshot: () => (isOpen ? undefined : admission.snapshot()),
  };
}

/** True for what would hold a place for hours and is no load while it does. */
export function isEventStream(req: IncomingMessage): boolean {
  return req.headers.accept === 'text/event-stream';
}

interface House {
  readonly admission: ReturnType<typeof createAdmission>;
  readonly patience: PatienceList;
  readonly clock: Clock;
}

/** One guest, from the door to the exit. */
class Stay implements DoorTicket, Patient {
  dueMs = Number.POSITIVE_INFINITY;
  slot = -1;
  private readonly house: House;
  private readonly ticket: DoorTicket;

  constructor(guest: DoorGuest, house: House) {
    this.house = house;
    this.ticket = house.admission.enter({
      priority: guest.priority,
      deadlineMs: guest.deadlineMs,
      begin: () => {
        this.dueMs = house.clock.mono() + stayMsMax;
        house.patience.add(this);
        guest.begin();
      },
      refuse: (why) => guest.refuse(why),
    });
  }

  onDue(): void {
    this.ticket.leave('ignored');
  }

  leave(outcome: 'ok' | 'dropped' | 'ignored'): void {
    this.house.patience.remove(this);
    this.ticket.leave(outcome);
  }
}
