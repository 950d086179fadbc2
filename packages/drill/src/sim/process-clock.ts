// The clock of one simulated process, read off the common diary. It dies with its process, and the process can be kept from looking at it:
// while its only thread is busy no timer fires, and those that fell due meanwhile fire one after the other when it is free again.
import type { Clock, Timer } from '@hale/base';
import type { Agenda } from './agenda.ts';

export interface ProcessClock extends Clock {
  /** Nothing fires for so long. */
  occupy(ms: number): void;
  /** Nothing fires any more. */
  stop(): void;
}

export function createProcessClock(agenda: Agenda, wallOffset: () => number): ProcessClock {
  let busyUntil = 0;
  let isStopped = false;
  const after = (ms: number, fn: () => void): Timer => {
    let isOpen = true;
    const fire = () => {
      if (!isOpen || isStopped) return;
      if (agenda.now < busyUntil) return agenda.after(busyUntil - agenda.now, fire);
      isOpen = false;
      fn();
    };
    agenda.after(ms, fire);
    return {
      cancel() {
        isOpen = false;
      },
    };
  };
  return {
    mono: () => agenda.now,
    wall: () => wallOffset() + agenda.now,
    after,
    every(ms, fn) {
      let isOpen = true;
      let timer = after(ms, beat);
      function beat(): void {
        fn();
        if (isOpen) timer = after(ms, beat);
      }
      return {
        cancel() {
          isOpen = false;
          timer.cancel();
        },
      };
    },
    occupy(ms) {
      busyUntil = Math.max(busyUntil, agenda.now + ms);
    },
    stop() {
      isStopped = true;
    },
  };
}
