// What can go wrong with a database cluster: nodes that die, freeze or lose sight of each other, and orders that come late or never. Each
// ends by itself, like those of the general catalogue (../faults.ts), which go on meanwhile. Without a cluster nothing happens.
import { type Fault, pick, stopFor } from '../faults.ts';
import type { Simulation } from '../simulation.ts';
import { end, nodeOf, runningOf } from '../world.ts';
import { type ClusterWorld, type Disk, primaryOf } from './disk.ts';

export type DatabaseFaultName =
  | 'primary-killed'
  | 'primary-frozen'
  | 'standby-killed'
  | 'primary-and-standby-killed'
  | 'primary-killed-twice'
  | 'standby-cut'
  | 'primary-cut'
  | 'node-orders-lost'
  | 'node-orders-late';

const sigkill = { code: undefined, signal: 'SIGKILL' };

export const databaseFaults: Readonly<Record<DatabaseFaultName, Fault>> = {
  'primary-killed': (sim) => killPrimary(sim),
  'primary-frozen': (sim) => {
    const server = clusterOf(sim) && primaryOf(clusterOf(sim) as ClusterWorld)?.server;
    if (server !== undefined) stopFor(sim, server, 500 + sim.rng.below(30_000));
  },
  'standby-killed': (sim) => kill(sim, drawStandby(sim)),
  'primary-and-standby-killed': (sim) => {
    const standby = drawStandby(sim);
    killPrimary(sim);
    sim.agenda.after(sim.rng.below(400), () => kill(sim, standby));
  },
  /** The second death comes while the first is being dealt with, or just after. */
  'primary-killed-twice': (sim) => {
    killPrimary(sim);
    sim.agenda.after(sim.rng.below(5_000), () => killPrimary(sim));
  },
  'standby-cut': (sim) => cut(sim, drawStandby(sim)),
  'primary-cut': (sim) => {
    const cluster = clusterOf(sim);
    cut(sim, cluster && primaryOf(cluster));
  },
  'node-orders-lost': (sim) => {
    const { sky } = sim.world;
    sky.ordersLostRatio = 0.4;
    sim.agenda.after(5_000 + sim.rng.below(20_000), () => (sky.ordersLostRatio = 0));
  },
  'node-orders-late': (sim) => {
    const { sky } = sim.world;
    sky.ordersLateMs = 200 + sim.rng.below(5_000);
    sim.agenda.after(5_000 + sim.rng.below(20_000), () => (sky.ordersLateMs = 0));
  },
};

function clusterOf(simulation: Simulation): ClusterWorld | undefined {
  return simulation.world.clusters.values().next().value;
}

function killPrimary(simulation: Simulation): void {
  const cluster = clusterOf(simulation);
  kill(simulation, cluster && primaryOf(cluster));
}

function kill(simulation: Simulation, disk: Disk | undefined): void {
  if (disk?.server !== undefined) end(simulation.world, disk.server, sigkill);
}

function drawStandby(simulation: Simulation): Disk | undefined {
  const { world } = simulation;
  const standbys = runningOf(world).flatMap((one) => {
    const disk = nodeOf(world, one.replica)?.disk;
    return disk?.role === 'standby' && disk.server === one ? [disk] : [];
  });
  return pick(simulation, standbys);
}

function cut(simulation: Simulation, disk: Disk | undefined): void {
  if (disk === undefined) return;
  const { agenda, rng, world } = simulation;
  disk.cutUntil = agenda.now + 1_000 + rng.below(40_000);
  world.stirred = true;
}
