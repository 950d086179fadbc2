// What can go wrong with the control room besides its death (faults.ts): its only thread is busy while word upon word comes in, the disk of
// its book is full, somebody takes its lease, or it is relieved in an orderly way. Each ends by itself.
import type { Fault } from './faults.ts';
import type { Simulation } from './simulation.ts';

export type ControlFaultName = 'control-busy' | 'journal-full' | 'lease-lost' | 'control-relieved';

const busyMsMax = 1_200;
const pauseMsMax = 60;

export const controlFaults: Readonly<Record<ControlFaultName, Fault>> = {
  'control-busy': (sim) => beBusy(sim, sim.agenda.now + 3_000 + sim.rng.below(25_000)),
  'journal-full': (sim) => {
    sim.control.setDiskFull(true);
    sim.agenda.after(1_000 + sim.rng.below(14_000), () => sim.control.setDiskFull(false));
  },
  'lease-lost': (sim) => sim.control.loseLease(),
  'control-relieved': (sim) => sim.relieveControl(100 + sim.rng.below(3_000)),
};

/** Again and again its turn comes late, and what it is told meanwhile waits in the box. */
function beBusy(simulation: Simulation, until: number): void {
  const { agenda, control, rng } = simulation;
  if (agenda.now >= until) return;
  const ms = 100 + rng.below(busyMsMax);
  control.occupy(ms, false);
  agenda.after(ms + rng.below(pauseMsMax), () => beBusy(simulation, until));
}
