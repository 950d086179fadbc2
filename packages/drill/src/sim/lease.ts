// The simulated lease: whoever asks gets it, for nobody asks here before the last holder is dead or gone; and it can be taken from its
// holder behind its back, as by another control room that thought it dead and died in its turn.
import type { Lease } from '@hale/ports';

export interface SimulatedLease extends Lease {
  /** Somebody else takes it. */
  steal(): void;
}

export function createSimulatedLease(): SimulatedLease {
  let epoch = 0;
  let isHeld = false;
  return {
    acquire(_holder, epochFloor = 0) {
      epoch = Math.max(epoch, epochFloor) + 1;
      isHeld = true;
      return epoch;
    },
    isHeld: () => isHeld,
    release() {
      isHeld = false;
    },
    steal() {
      epoch++;
      isHeld = false;
    },
  };
}
