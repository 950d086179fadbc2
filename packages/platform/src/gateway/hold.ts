// The waiting room of one service: while no replica is up, requests sit here instead of failing. Chairs and bytes are counted for
// the whole worker (INV-09). When somebody is up again they are let out a few at first, then twice as many each time, so that a
// replica that has just come back is not trampled; one that fails again stops the procession to single file.
import type { Clock, Timer } from '@hale/base';

/** A request that can sit. */
export interface Guest {
  readonly heldBytes: number;
  /** Tries again; called once it has left the room. */
  proceed(): void;
}

/** Chairs shared by every room of a worker. */
export interface Chairs {
  guests: number;
  bytes: number;
  readonly guestsMax: number;
  readonly bytesMax: number;
}

export interface HoldingRoom {
  readonly size: number;
  /** False when there is no chair left. `failing`: it comes back from a replica that did not take it. */
  enter(guest: Guest, failing: boolean): boolean;
  leave(guest: Guest): void;
  /** Something changed: see at once whether somebody may go. */
  wake(): void;
  close(): void;
}

const firstBatch = 8;
const batchMax = 256;
const paceMs = 20;
const failingPaceMs = 100;

/** `isUp` says whether there is anybody to send a guest to. */
export function createHoldingRoom(options: { clock: Clock; chairs: Chairs; isUp: () => boolean }): HoldingRoom {
  const { clock, chairs, isUp } = options;
  const guests = new Set<Guest>();
  let batch = firstBatch;
  let timer: Timer | undefined;

  const leave = (guest: Guest) => {
    if (!guests.delete(guest)) return;
    chairs.guests--;
    chairs.bytes -= guest.heldBytes;
  };
  const schedule = (ms: number) => {
    timer ??= clock.after(ms, release);
  };
  const release = () => {
    timer = undefined;
    if (guests.size === 0) {
      batch = firstBatch;
      return;
    }
    if (!isUp()) return schedule(failingPaceMs);
    let count = batch;
    batch = Math.min(batchMax, batch * 2);
    for (const guest of guests) {
      if (count-- === 0) break;
      leave(guest);
      guest.proceed();
    }
    schedule(batch === 1 ? failingPaceMs : paceMs);
  };
  return {
    get size() {
      return guests.size;
    },
    enter(guest, failing) {
      if (chairs.guests >= chairs.guestsMax || chairs.bytes + guest.heldBytes > chairs.bytesMax) return false;
      guests.add(guest);
      chairs.guests++;
      chairs.bytes += guest.heldBytes;
      if (failing) batch = 1;
      schedule(failing ? failingPaceMs : paceMs);
      return true;
    },
    leave,
    wake() {
      if (guests.size === 0) return;
      timer?.cancel();
      timer = undefined;
      release();
    },
    close() {
      timer?.cancel();
      timer = undefined;
    },
  };
}
