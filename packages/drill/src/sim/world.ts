// The simulated world: processes that are born, work, fall ill and die, and the sky above them (dependencies, probes that lie,
// a network between the eye and the brain). It has no opinion on what should be done.
import type { Rng } from '@hale/base';
import type { Incarnation, ReplicaId, UnitName, UnitSpec } from '@hale/model';
import type { DatabaseFact } from '../referees/referee.ts';
import type { Agenda } from './agenda.ts';
import { type ClusterWorld, createClusterWorld, type Disk, isAtWork, isInPlace } from './cluster/disk.ts';
import { noteUnrest } from './cluster/look.ts';
import { reload, tellPrimary } from './cluster/node-orders.ts';
import { flow, type Sea } from './cluster/tide.ts';
import { createProcess, isIll, reallyServes, type VirtualProcess } from './process.ts';
import { onProcessGone } from './relay/clients.ts';
import { createLodge, type Lodge, openRelay } from './relay/lodge.ts';

/** What is wrong with the surroundings now. */
export interface Sky {
  /** Probes of these units fail although the replicas are well; 'all' for every unit. */
  probesLie: Set<UnitName | 'all'>;
  /** New lives of these exit soon after they start. */
  crashing: Set<UnitName | ReplicaId>;
  /** New lives of these never start. */
  stuckStart: Set<UnitName | ReplicaId>;
  /** The hands cannot start these units. */
  unstartable: Set<UnitName>;
  /** Lives of this release and unit crash at once: a bad release. */
  badRelease: Map<UnitName, number>;
  /** The kernel's witness of a stall is not to be had. */
  kernelBlind: boolean;
  hostBusy: boolean;
  /** Share of batches lost, delay of batches, share of batches that come twice. */
  lossRatio: number;
  delayMs: number;
  duplicateRatio: number;
  /** Nobody watches: control's loop is late, or there is no keeper to ask. */
  blind: boolean;
  /** Share of orders to database nodes that go astray, and how late the others may come. */
  ordersLostRatio: number;
  ordersLateMs: number;
}

export interface World {
  readonly agenda: Agenda;
  readonly rng: Rng;
  readonly lodge: Lodge;
  readonly processes: Map<Incarnation, VirtualProcess>;
  readonly sky: Sky;
  readonly clusters: Map<UnitName, ClusterWorld>;
  specs: ReadonlyMap<UnitName, UnitSpec>;
  nextPid: number;
  /** Something may look different at the next look. Cleared by a look that finds everything as it should be. */
  stirred: boolean;
  /** A node of a database cluster is not where it should be. */
  unrest: boolean;
  /** Called when a process has exited. */
  onExit: (process: VirtualProcess) => void;
  /** Called with what truly happens in a database cluster. */
  onFact: (fact: DatabaseFact) => void;
}

export function createWorld(agenda: Agenda, rng: Rng, lodge: Lodge = createLodge(0)): World {
  return {
    agenda,
    rng,
    lodge,
    processes: new Map(),
    clusters: new Map(),
    specs: new Map(),
    nextPid: 1000,
    stirred: true,
    unrest: false,
    onExit: () => {},
    onFact: () => {},
    sky: {
      probesLie: new Set(),
      crashing: new Set(),
      stuckStart: new Set(),
      unstartable: new Set(),
      badRelease: new Map(),
      kernelBlind: false,
      hostBusy: false,
      lossRatio: 0,
      delayMs: 0,
      duplicateRatio: 0,
      blind: false,
      ordersLostRatio: 0,
      ordersLateMs: 0,
    },
  };
}

/** Starts a process; a second start of the same incarnation changes nothing. */
export function spawn(
  world: World,
  of: { replica: ReplicaId; incarnation: Incarnation; release: number; unit: UnitName; port?: number },
): boolean {
  const spec = world.specs.get(of.unit);
  if (spec === undefined || world.sky.unstartable.has(of.unit)) return false;
  if (world.processes.has(of.incarnation)) return true;
  const { agenda, rng, sky } = world;
  const isStuck = sky.stuckStart.has(of.unit) || sky.stuckStart.has(of.replica);
  const startMs = isStuck ? Number.POSITIVE_INFINITY : 150 + rng.below(900);
  const process = createProcess({ ...of, spec, pid: world.nextPid++, now: agenda.now, startMs });
  world.processes.set(of.incarnation, process);
  const node = nodeOf(world, of.replica);
  if (node !== undefined) node.disk.server = process;
  world.stirred = true;
  const crashes = sky.crashing.has(of.unit) || sky.crashing.has(of.replica);
  if (crashes || sky.badRelease.get(of.unit) === of.release) {
    agenda.after(50 + rng.below(1_500), () => end(world, process, { code: 1, signal: undefined }));
  }
  return true;
}

/** The process is over. */
export function end(
  world: World,
  process: VirtualProcess,
  how: { code: number | undefined; signal: string | undefined },
): void {
  if (process.state === 'exited') return;
  settle(world, process);
  process.state = 'exited';
  process.exit = { ...how, at: world.agenda.now };
  process.lastIllAt = world.agenda.now;
  process.dirty = true;
  world.stirred = true;
  if (process.spec.role === 'relay' || process.spec.cluster !== undefined) onProcessGone(world, process);
  world.onExit(process);
  world.lodge.relays.delete(process.incarnation);
}

/** Lets `ms` of illness count from now: whoever asks later knows that it was not well. */
export function touch(world: World, process: VirtualProcess): void {
  process.lastIllAt = world.agenda.now;
  process.dirty = true;
  world.stirred = true;
  // A server that thaws reads the settings that were written meanwhile.
  const node = nodeOf(world, process.replica);
  if (node?.disk.server === process) reload(node.disk);
}

/** Before something about a process changes: what its database did until now has happened. */
export function settle(world: World, process: VirtualProcess): void {
  const node = nodeOf(world, process.replica);
  if (node !== undefined) flow(node.cluster, seaOf(world));
}

/** The node of a database cluster of that name, if it is one. */
export function nodeOf(world: World, replica: ReplicaId): { cluster: ClusterWorld; disk: Disk } | undefined {
  if (world.clusters.size === 0) return undefined;
  for (const cluster of world.clusters.values())
    for (const disk of cluster.disks) if (disk.replica === replica) return { cluster, disk };
  return undefined;
}

export function seaOf(world: World): Sea {
  return { now: world.agenda.now, rng: world.rng, tell: world.onFact };
}

/** Takes in what is declared now; a database keeps its disks. */
export function declareUnits(world: World, units: readonly UnitSpec[]): void {
  world.specs = new Map([...world.specs, ...units.map((unit) => [unit.name, unit] as const)]);
  for (const { name, cluster, replicas } of units) {
    if (cluster === undefined || world.clusters.has(name)) continue;
    const voters = replicas - (cluster.regions?.distant.length ?? 0);
    world.clusters.set(name, createClusterWorld({ unit: name, nodes: replicas, voters, ...cluster }));
  }
}

export function runningOf(world: World, unit?: UnitName): VirtualProcess[] {
  const found: VirtualProcess[] = [];
  for (const process of world.processes.values()) {
    if (process.state !== 'exited' && (unit === undefined || process.spec.name === unit)) found.push(process);
  }
  return found;
}

/** Nobody was touched, everybody was well at the last look, and nothing hangs in the sky: a look would show the same again. */
export function isQuiet(world: World): boolean {
  const { probesLie, blind } = world.sky;
  // What is recorded changes from look to look.
  for (const { lateness } of world.clusters.values()) if (lateness !== undefined) return false;
  return !world.stirred && !blind && probesLie.size === 0;
}

/** One look at every process: starts end, illness is noted, and whether it would answer a probe. */
export function passTime(world: World): void {
  const { now } = world.agenda;
  const down = unitsDown(world);
  for (const cluster of world.clusters.values()) flow(cluster, seaOf(world));
  for (const process of world.processes.values()) {
    if (process.state === 'exited') continue;
    if (!process.started && now >= process.startsAt && process.state === 'running') begin(world, process);
    if (isIll(process)) process.lastIllAt = now;
    const cut = process.spec.uses.some((name) => down.has(name));
    if (cut) process.lastIllAt = now;
    process.cut = cut;
    const lies = world.sky.probesLie.has('all') || world.sky.probesLie.has(process.spec.name);
    const answers = isAnswering(world, process) && !cut && !lies;
    if (answers === process.answers) continue;
    process.answers = answers;
    process.answersSince = now;
    process.dirty = true;
  }
  world.unrest = [...world.clusters.values()].filter((cluster) => !noteUnrest(cluster, now)).length > 0;
}

/** A node of a cluster is asked over a connection that is open: its backends answer. */
function isAnswering(world: World, process: VirtualProcess): boolean {
  const node = process.spec.cluster === undefined ? undefined : nodeOf(world, process.replica);
  if (node?.disk.server !== process) return reallyServes(process);
  const { lateness } = node.cluster;
  const ms = lateness?.answerMs(node.disk.ordinal, world.agenda.now) ?? 0;
  return isAtWork(node.disk) && ms <= (process.spec.probes.ready?.timeoutMs ?? Number.POSITIVE_INFINITY);
}

function begin(world: World, process: VirtualProcess): void {
  settle(world, process);
  process.started = true;
  process.dirty = true;
  const node = nodeOf(world, process.replica);
  if (process.spec.role === 'relay') openRelay(world, process);
  if (node?.disk.role === 'primary') tellPrimary(node.cluster, node.disk, seaOf(world));
}

/** Units of the database kind without a serving process: those that use them cannot be ready. */
function unitsDown(world: World): Set<UnitName> {
  const down = new Set<UnitName>();
  for (const spec of world.specs.values()) if (spec.role === 'postgres') down.add(spec.name);
  if (down.size === 0) return down;
  for (const process of world.processes.values())
    if (down.has(process.spec.name) && mayBeWrittenTo(world, process)) down.delete(process.spec.name);
  return down;
}

/** Of a cluster it is the primary alone that its users miss. */
function mayBeWrittenTo(world: World, process: VirtualProcess): boolean {
  if (!reallyServes(process)) return false;
  return process.spec.cluster === undefined || nodeOf(world, process.replica)?.disk.role === 'primary';
}

/** It really serves, and is of use: a standby that copies nobody is none. */
export function servesInPlace(world: World, process: VirtualProcess): boolean {
  if (!reallyServes(process)) return false;
  const node = nodeOf(world, process.replica);
  return node === undefined || isInPlace(node.cluster, node.disk, world.agenda.now);
}
