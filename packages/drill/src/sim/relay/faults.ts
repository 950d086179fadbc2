// What can go wrong with relays, besides what befalls every process: they are killed, frozen, cut from one node or from all, and what they read
// of the endpoint table comes late and out of turn, or cannot be written. Each ends by itself. Without relays nothing happens.
import type { ReplicaId } from '@hale/model';
import { primaryOf } from '../cluster/disk.ts';
import { type Fault, pick, stopFor } from '../faults.ts';
import type { Simulation } from '../simulation.ts';
import { end } from '../world.ts';
import { catchUp, clusterOf, type Relay } from './lodge.ts';

export type RelayFaultName =
  | 'relay-killed'
  | 'relay-frozen'
  | 'relays-killed'
  | 'relay-cut-from-primary'
  | 'relay-cut-from-standby'
  | 'relay-cut-from-all'
  | 'relays-cut-from-primary'
  | 'relay-late'
  | 'relays-late'
  | 'table-unwritable'
  | 'control-killed-publishing';

const sigkill = { code: undefined, signal: 'SIGKILL' };

export const relayFaults: Readonly<Record<RelayFaultName, Fault>> = {
  'relay-killed': (sim) => withRelay(sim, ({ process }) => end(sim.world, process, sigkill)),
  'relay-frozen': (sim) => withRelay(sim, ({ process }) => stopFor(sim, process, between(sim, 500, 30_000))),
  'relays-killed': (sim) => {
    for (const { process } of running(sim)) end(sim.world, process, sigkill);
  },
  'relay-cut-from-primary': (sim) => withRelay(sim, (relay) => cut(sim, [relay], [primary(sim)])),
  'relay-cut-from-standby': (sim) =>
    withRelay(sim, (relay) => {
      const others = nodes(sim).filter((node) => node !== primary(sim));
      cut(sim, [relay], [pick(sim, others)]);
    }),
  'relay-cut-from-all': (sim) => withRelay(sim, (relay) => cut(sim, [relay], nodes(sim))),
  'relays-cut-from-primary': (sim) => cut(sim, running(sim), [primary(sim)]),
  'relay-late': (sim) => withRelay(sim, (relay) => delay(sim, [relay])),
  'relays-late': (sim) => delay(sim, running(sim)),
  'table-unwritable': (sim) => {
    const { lodge } = sim.world;
    lodge.isFull = true;
    sim.agenda.after(between(sim, 3_000, 30_000), () => (lodge.isFull = false));
  },
  /** It dies with the way to a new primary in its book, and not in the table. */
  'control-killed-publishing': (sim) => {
    const { lodge } = sim.world;
    const ms = between(sim, 200, 5_000);
    const onChange = () => {
      lodge.onChange = undefined;
      lodge.onMoment('control killed publishing');
      sim.agenda.after(0, () => sim.killControl(ms));
    };
    lodge.onChange = onChange;
    sim.agenda.after(between(sim, 10_000, 40_000), () => {
      if (lodge.onChange === onChange) lodge.onChange = undefined;
    });
  },
};

function between(simulation: Simulation, min: number, max: number): number {
  return min + simulation.rng.below(max - min);
}

function running({ world }: Simulation): readonly Relay[] {
  return [...world.lodge.relays.values()].filter(({ process }) => process.state !== 'exited');
}

function withRelay(simulation: Simulation, act: (relay: Relay) => unknown): void {
  const relay = pick(simulation, running(simulation));
  if (relay !== undefined) act(relay);
}

function nodes({ world }: Simulation): readonly ReplicaId[] {
  return clusterOf(world)?.disks.map(({ replica }) => replica) ?? [];
}

function primary({ world }: Simulation): ReplicaId | undefined {
  const cluster = clusterOf(world);
  return cluster && primaryOf(cluster)?.replica;
}

/** All of it ends at the same time. */
function cut(simulation: Simulation, relays: readonly Relay[], from: readonly (ReplicaId | undefined)[]): void {
  const { lodge } = simulation.world;
  const until = simulation.agenda.now + between(simulation, 3_000, 45_000);
  for (const { process } of relays)
    for (const node of from) if (node !== undefined) lodge.cutUntil.set(`${process.replica} ${node}`, until);
}

function delay(simulation: Simulation, relays: readonly Relay[]): void {
  const { lodge } = simulation.world;
  const ms = between(simulation, 2_000, 40_000);
  for (const { process } of relays) lodge.lateUntil.set(process.replica, simulation.agenda.now + ms);
  simulation.agenda.after(ms, () => {
    for (const relay of running(simulation)) catchUp(simulation.world, relay);
  });
}
