// The porter's lodge: the simulated relays of a database (decision 0008), going by the rules of the real ones (@hale/model/relay). Each knows what
// it has read of the endpoint table, keeps watch on the nodes that its guests are with, and says when it hears one no more. Wires between a
// relay and a node can be cut, and what a relay reads can come late and out of turn. Who comes through is in clients.ts.
import { createRng, type Rng } from '@hale/base';
import { type EndpointTable, type Incarnation, isNewerTable, type ReplicaId } from '@hale/model';
import { follow, leadsAlike, noWay, reachDefaults, Watch, type Way } from '@hale/model/relay';
import { type ClusterWorld, isAwake } from '../cluster/disk.ts';
import type { VirtualProcess } from '../process.ts';
import type { World } from '../world.ts';
import { type Client, createClients, onWay } from './clients.ts';

export interface Relay {
  readonly process: VirtualProcess;
  readonly watch: Watch;
  table: EndpointTable | undefined;
  way: Way;
  /** Tables that it was not told of in time. */
  readonly missed: EndpointTable[];
  /** A reader that refused somebody is passed over until then. */
  readonly restsUntil: Map<string, number>;
  /** What it says of nodes that are silent. */
  trouble: string | undefined;
  /** Nothing kept it from leading to the primary when this was last looked at, and it did not. */
  owed: boolean;
}

export interface Lodge {
  /** Relays roll dice of their own: games without them stay what they were. */
  readonly rng: Rng;
  /** What the table's file says. */
  table: EndpointTable | undefined;
  readonly relays: Map<Incarnation, Relay>;
  readonly clients: readonly Client[];
  /** Nothing passes between these two until then: a relay's name and a node's. */
  readonly cutUntil: Map<string, number>;
  /** What these relays read reaches them only then. */
  readonly lateUntil: Map<ReplicaId, number>;
  /** The disk that the table is written to is full. */
  isFull: boolean;
  /** Called instead of writing the next table that changes the way to the primary. */
  onChange: (() => void) | undefined;
  /** It did not name the primary when this was last looked at, and could have. */
  owed: boolean;
  /** Called with what befalls a relay or its guests, for the tally. */
  onMoment: (what: string) => void;
}

const readMsMax = 200;
const thawLookMs = 500;

export function createLodge(seed: number): Lodge {
  return {
    rng: createRng(seed),
    table: undefined,
    relays: new Map(),
    clients: createClients(),
    cutUntil: new Map(),
    lateUntil: new Map(),
    isFull: false,
    onChange: undefined,
    owed: false,
    onMoment: () => {},
  };
}

/** The database that relays lead to: games have one. */
export function clusterOf(world: World): ClusterWorld | undefined {
  for (const cluster of world.clusters.values()) return cluster;
  return undefined;
}

/** A relay has come up: it reads the table that is there. */
export function openRelay(world: World, process: VirtualProcess): void {
  const { lodge, agenda } = world;
  const relay: Relay = {
    process,
    watch: new Watch(reachDefaults, agenda.now),
    table: undefined,
    way: noWay,
    missed: [],
    restsUntil: new Map(),
    trouble: undefined,
    owed: false,
  };
  lodge.relays.set(process.incarnation, relay);
  if (lodge.table !== undefined) hear(world, relay, lodge.table);
}

/** Whether it leads to another primary than the one that is written. */
export function changesWay({ table }: Lodge, next: EndpointTable): boolean {
  const [before, after] = [table?.databases?.[0]?.primary, next.databases?.[0]?.primary];
  return after !== undefined && before?.replica !== after.replica;
}

/** The table is written; every relay reads it a little later. */
export function publish(world: World, table: EndpointTable): void {
  const { lodge, agenda } = world;
  lodge.table = table;
  for (const relay of lodge.relays.values()) agenda.after(lodge.rng.below(readMsMax), () => read(world, relay, table));
}

function read(world: World, relay: Relay, table: EndpointTable): void {
  const { lodge, agenda } = world;
  if (relay.process.state === 'exited') return;
  if (!isAwake(relay.process)) return void agenda.after(thawLookMs, () => read(world, relay, table));
  if (isLate(world, relay)) relay.missed.push(table);
  else hear(world, relay, lodge.table ?? table);
}

export function isLate({ lodge, agenda }: World, { process }: Relay): boolean {
  return (lodge.lateUntil.get(process.replica) ?? 0) > agenda.now;
}

/** What came too late comes now, in any order. */
export function catchUp(world: World, relay: Relay): void {
  if (relay.process.state === 'exited' || isLate(world, relay)) return;
  const { rng } = world.lodge;
  while (relay.missed.length > 0) {
    const [table] = relay.missed.splice(rng.below(relay.missed.length), 1);
    if (table !== undefined) hear(world, relay, table);
  }
}

/** As the real worker does (platform/src/relay/worker.ts). */
function hear(world: World, relay: Relay, table: EndpointTable): void {
  if (!isNewerTable(table, relay.table)) {
    if (table !== relay.table) world.lodge.onMoment('table not believed');
    return;
  }
  relay.table = table;
  const { unit } = clusterOf(world) ?? {};
  const next = follow(
    relay.way,
    table.databases?.find(({ name }) => name === unit),
  );
  if (leadsAlike(relay.way, next)) return;
  relay.way = next;
  onWay(world, relay);
}

/** Whether packets pass between a relay and a node. Whoever is cut off from all other nodes is cut off from relays as well. */
export function carries({ lodge, agenda, clusters }: World, { process }: Relay, node: ReplicaId): boolean {
  if ((lodge.cutUntil.get(`${process.replica} ${node}`) ?? 0) > agenda.now) return false;
  for (const { disks } of clusters.values())
    for (const disk of disks) if (disk.replica === node) return disk.cutUntil <= agenda.now;
  return false;
}
