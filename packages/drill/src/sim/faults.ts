// The catalogue of what can go wrong. Each fault begins, lasts a while and ends by itself; what it broke for good (a killed process)
// is the brain's to repair. Drawn by name from a schedule or called by a drill script.
import type { UnitName } from '@hale/model';
import type { VirtualProcess } from './process.ts';
import type { Simulation } from './simulation.ts';
import { end, runningOf, settle, touch } from './world.ts';

export type FaultName =
  | 'crash'
  | 'exit'
  | 'hang'
  | 'block'
  | 'block-unseen'
  | 'pause'
  | 'debugger'
  | 'crash-loop'
  | 'slow-start'
  | 'unready'
  | 'bad-probe-one'
  | 'bad-probe-all'
  | 'all-replicas-killed'
  | 'control-killed'
  | 'keeper-killed'
  | 'observations-lost'
  | 'observations-late'
  | 'observer-lag'
  | 'dependency-down'
  | 'machine-sleep'
  | 'leak'
  | 'stubborn'
  | 'unstartable'
  | 'host-busy';

export type Fault = (simulation: Simulation) => void;

/** Picks one of the list with the simulation's dice. */
export function pick<T>(simulation: Simulation, list: readonly T[]): T | undefined {
  return list[simulation.rng.below(Math.max(1, list.length))];
}

function between(simulation: Simulation, min: number, max: number): number {
  return min + simulation.rng.below(max - min);
}

function victim(simulation: Simulation): VirtualProcess | undefined {
  return pick(
    simulation,
    runningOf(simulation.world).filter((one) => one.started && !one.terminating),
  );
}

function anyService(simulation: Simulation): UnitName {
  const units = [...simulation.world.specs.values()].filter((spec) => spec.role === 'service');
  return pick(simulation, units)?.name ?? '';
}

/** Does `begin`, and `finish` after a while. */
function forAWhile(simulation: Simulation, ms: number, [begin, finish]: readonly [() => unknown, () => unknown]): void {
  begin();
  simulation.agenda.after(ms, finish);
}

export function stopFor(simulation: Simulation, process: VirtualProcess, ms: number): void {
  if (process.state !== 'running') return;
  settle(simulation.world, process);
  process.state = 'stopped';
  process.stoppedSince = simulation.agenda.now;
  touch(simulation.world, process);
  simulation.agenda.after(ms, () => {
    if (process.state !== 'stopped') return;
    settle(simulation.world, process);
    process.state = 'running';
    process.stoppedSince = undefined;
    touch(simulation.world, process);
  });
}

export function blockFor(simulation: Simulation, process: VirtualProcess, ms: number): void {
  if (process.state !== 'running' || process.blockedSince !== undefined) return;
  settle(simulation.world, process);
  process.blockedSince = simulation.agenda.now;
  touch(simulation.world, process);
  simulation.agenda.after(ms, () => {
    if (process.blockedSince === undefined) return;
    settle(simulation.world, process);
    process.longestPauseMs = Math.max(process.longestPauseMs, simulation.agenda.now - process.blockedSince);
    process.blockedSince = undefined;
    touch(simulation.world, process);
  });
}

const kill = { code: undefined, signal: 'SIGKILL' };

export const faults: Readonly<Record<FaultName, Fault>> = {
  crash: (sim) => withVictim(sim, (one) => end(sim.world, one, kill)),
  exit: (sim) => withVictim(sim, (one) => end(sim.world, one, { code: sim.rng.below(4), signal: undefined })),
  hang: (sim) => withVictim(sim, (one) => stopFor(sim, one, between(sim, 500, 40_000))),
  block: (sim) => withVictim(sim, (one) => blockFor(sim, one, between(sim, 2_000, 60_000))),
  'block-unseen': (sim) => {
    const ms = between(sim, 5_000, 30_000);
    forAWhile(sim, ms, [() => (sim.world.sky.kernelBlind = true), () => (sim.world.sky.kernelBlind = false)]);
    withVictim(sim, (one) => blockFor(sim, one, ms));
  },
  pause: (sim) => withVictim(sim, (one) => blockFor(sim, one, between(sim, 200, 2_000))),
  debugger: (sim) =>
    withVictim(sim, (one) => {
      if (one.blockedSince !== undefined) return;
      one.inspected = true;
      blockFor(sim, one, between(sim, 5_000, 20_000));
    }),
  'crash-loop': (sim) => {
    const unit = anyService(sim);
    const { crashing } = sim.world.sky;
    forAWhile(sim, between(sim, 5_000, 90_000), [() => crashing.add(unit), () => crashing.delete(unit)]);
    for (const one of runningOf(sim.world, unit).slice(0, 1)) end(sim.world, one, { code: 1, signal: undefined });
  },
  'slow-start': (sim) => {
    const unit = anyService(sim);
    const { stuckStart } = sim.world.sky;
    forAWhile(sim, between(sim, 5_000, 60_000), [() => stuckStart.add(unit), () => stuckStart.delete(unit)]);
    for (const one of runningOf(sim.world, unit).slice(0, 1)) end(sim.world, one, kill);
  },
  unready: (sim) =>
    withVictim(sim, (one) => {
      one.unready = true;
      touch(sim.world, one);
      sim.agenda.after(between(sim, 3_000, 70_000), () => {
        one.unready = false;
        touch(sim.world, one);
      });
    }),
  'bad-probe-one': (sim) => lie(sim, anyService(sim), between(sim, 5_000, 90_000)),
  'bad-probe-all': (sim) => lie(sim, 'all', between(sim, 5_000, 60_000)),
  'all-replicas-killed': (sim) => {
    for (const one of runningOf(sim.world, anyService(sim))) end(sim.world, one, kill);
  },
  'control-killed': (sim) => sim.killControl(between(sim, 200, 5_000)),
  'keeper-killed': (sim) => {
    sim.killKeeper(between(sim, 300, 3_000));
    if (sim.rng.unit() < 0.3) withVictim(sim, (one) => end(sim.world, one, kill));
  },
  'observations-lost': (sim) => {
    const { sky } = sim.world;
    forAWhile(sim, between(sim, 5_000, 40_000), [() => (sky.lossRatio = 0.5), () => (sky.lossRatio = 0)]);
  },
  'observations-late': (sim) => {
    const { sky } = sim.world;
    const begin = () => {
      sky.delayMs = between(sim, 100, 1_500);
      sky.duplicateRatio = 0.3;
    };
    const finish = () => {
      sky.delayMs = 0;
      sky.duplicateRatio = 0;
    };
    forAWhile(sim, between(sim, 5_000, 40_000), [begin, finish]);
  },
  'observer-lag': (sim) => {
    for (let i = 0; i < 6; i++) sim.agenda.after(i * 3_000, () => sim.lag(between(sim, 600, 2_500)));
  },
  'dependency-down': (sim) => {
    const database = [...sim.world.specs.values()].find((spec) => spec.role === 'postgres')?.name ?? '';
    const { stuckStart } = sim.world.sky;
    forAWhile(sim, between(sim, 2_000, 40_000), [() => stuckStart.add(database), () => stuckStart.delete(database)]);
    for (const one of runningOf(sim.world, database)) end(sim.world, one, kill);
  },
  'machine-sleep': (sim) => {
    sim.control.jumpWall(3_600_000);
    sim.lag(between(sim, 500, 2_000));
  },
  leak: (sim) =>
    withVictim(sim, (one) => {
      if (one.spec.memoryBytesMax === undefined) return;
      one.leakingSince = sim.agenda.now;
      one.leakBytesPerMs = 20_000;
      touch(sim.world, one);
    }),
  stubborn: (sim) => withVictim(sim, (one) => (one.stubborn = true)),
  unstartable: (sim) => {
    const unit = anyService(sim);
    const { unstartable } = sim.world.sky;
    forAWhile(sim, between(sim, 2_000, 50_000), [() => unstartable.add(unit), () => unstartable.delete(unit)]);
    for (const one of runningOf(sim.world, unit).slice(0, 1)) end(sim.world, one, kill);
  },
  'host-busy': (sim) => {
    const { sky } = sim.world;
    forAWhile(sim, between(sim, 5_000, 60_000), [() => (sky.hostBusy = true), () => (sky.hostBusy = false)]);
  },
};

function withVictim(simulation: Simulation, act: (process: VirtualProcess) => unknown): void {
  const process = victim(simulation);
  if (process !== undefined) act(process);
}

function lie(simulation: Simulation, unit: UnitName | 'all', ms: number): void {
  const { probesLie } = simulation.world.sky;
  forAWhile(simulation, ms, [() => void probesLie.add(unit), () => void probesLie.delete(unit)]);
}
