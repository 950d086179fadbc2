// What is hard for a database that prefers to be available, or has a copy in another region: its standbys are away for longer than it waits for them,
// the one that has everything is gone for longer than it is waited for, its region is lost. Each ends by itself. Drawn besides the general
// catalogue (../faults.ts) and that of all clusters (faults.ts), and only for such systems: the fates of the others stay as they were found.
import { type Fault, pick } from '../faults.ts';
import type { Simulation } from '../simulation.ts';
import { end } from '../world.ts';
import { type ClusterWorld, type Disk, primaryOf } from './disk.ts';

export type LonelyFaultName =
  | 'standbys-cut'
  | 'standbys-deaf'
  | 'standbys-gone'
  | 'primary-gone'
  | 'alone-and-gone'
  | 'region-lost'
  | 'region-ordered';

type Act = (simulation: Simulation, cluster: ClusterWorld) => void;

const inCluster =
  (act: Act): Fault =>
  (simulation) => {
    const [cluster] = simulation.world.clusters.values();
    if (cluster !== undefined) act(simulation, cluster);
    simulation.world.stirred = true;
  };

export const lonelyFaults: Readonly<Record<LonelyFaultName, Fault>> = {
  'standbys-cut': inCluster((sim, cluster) => {
    const until = sim.agenda.now + between(sim, 6_000, 45_000);
    for (const disk of standbysOf(cluster)) disk.cutUntil = until;
  }),
  'standbys-deaf': inCluster((sim, cluster) => {
    const until = sim.agenda.now + between(sim, 6_000, 45_000);
    for (const disk of standbysOf(cluster)) disk.deafUntil = until;
  }),
  'standbys-gone': inCluster((sim, cluster) => {
    for (const disk of standbysOf(cluster)) remove(sim, disk, between(sim, 6_000, 40_000));
  }),
  'primary-gone': inCluster((sim, cluster) => remove(sim, primaryOf(cluster), between(sim, 22_000, 60_000))),
  /** The worst: only it has everything, and it does not come back. */
  'alone-and-gone': inCluster((sim, cluster) => {
    const until = sim.agenda.now + between(sim, 15_000, 40_000);
    for (const disk of standbysOf(cluster)) disk.cutUntil = until;
    sim.agenda.after(between(sim, 4_000, 14_000), () => remove(sim, primaryOf(cluster), between(sim, 22_000, 50_000)));
  }),
  'region-lost': inCluster((sim, cluster) => {
    for (const disk of cluster.disks.slice(0, cluster.voters)) remove(sim, disk, between(sim, 20_000, 60_000));
    if (sim.rng.unit() < 0.8) sim.agenda.after(between(sim, 500, 15_000), () => order(sim, cluster, 'us'));
  }),
  'region-ordered': inCluster((sim, cluster) => order(sim, cluster, pick(sim, ['us', 'us', 'eu', 'mars']) ?? 'us')),
};

function between(simulation: Simulation, min: number, max: number): number {
  return min + simulation.rng.below(max - min);
}

/** Those at home that copy. */
function standbysOf(cluster: ClusterWorld): readonly Disk[] {
  const primary = primaryOf(cluster);
  return cluster.disks.slice(0, cluster.voters).filter((disk) => disk !== primary);
}

/** It is killed, and whatever is started in its place does not come up for so long. */
function remove(simulation: Simulation, disk: Disk | undefined, ms: number): void {
  if (disk === undefined) return;
  const { world, agenda } = simulation;
  world.sky.stuckStart.add(disk.replica);
  agenda.after(ms, () => world.sky.stuckStart.delete(disk.replica));
  if (disk.server !== undefined) end(world, disk.server, { code: undefined, signal: 'SIGKILL' });
}

function order(simulation: Simulation, cluster: ClusterWorld, region: string): void {
  simulation.order({ kind: 'failover', unit: cluster.unit, region });
}
