// The disks of a simulated database cluster, and the servers that run on them. A disk outlives its server: data, the badge with
// the terms that it has lived in, and the settings that the next server reads. What a server was told lives in the server (`told`) and
// ends with it, as in the real hands (platform/src/postgres/node-folder.ts): it follows nobody when it starts.
import { type DatabaseObservation, type ReplicaId, replicaId, type UnitName } from '@hale/model';
import type { VirtualProcess } from '../process.ts';
import { emptyLog, isBeginningOf, type Log } from './log.ts';
import type { Lateness } from './replay.ts';

export interface Disk {
  readonly replica: ReplicaId;
  readonly ordinal: number;
  /** The badge: its data is right for this term, and it will follow nobody of a term before that one. */
  term: number;
  fenced: number;
  role: 'none' | 'primary' | 'standby';
  /** A copy that was begun and is not finished. */
  isHalf: boolean;
  log: Log;
  settings: Settings;
  /** The server on it, while one runs. */
  server: VirtualProcess | undefined;
  /** What that server goes by: the settings that it has read. */
  told: Settings;
  /** It has received something in the life of this server: then the end of its log is known at once. */
  hasReceived: boolean;
  /** What the server said of itself when it was last asked. */
  known: Omit<DatabaseObservation, 'term'> | undefined;
  /** When that was. */
  knownAt: number;
  /** What of that the eye has passed on. */
  toldOf: string;
  /** No other node can be reached until then. */
  cutUntil: number;
  /** Its connection comes and goes until then, and brings nothing. */
  deafUntil: number;
  /** Told to wait for standbys again, until then some commit may still go by what it was told before. */
  aloneUntil: number;
  /** Of a primary: what it has heard of its copies, and since when it has something that too few of them have. */
  heard: Heard;
}

export interface Heard {
  readonly end: number;
  readonly owed: { readonly end: number; readonly at: number } | undefined;
}

export const heardNothing: Heard = { end: 0, owed: undefined };

export interface Settings {
  /** Of a primary: whose word counts. Of a standby: the name that it reports under. */
  readonly term: number;
  readonly follows: ReplicaId | undefined;
  /** Of a primary: it waits for nobody. */
  readonly alone: boolean;
}

/** All disks of one database, and what its clients were told. */
export interface ClusterWorld {
  readonly unit: UnitName;
  readonly acknowledgers: number;
  /** The first so many are at home: the others are copies in another region, whose word does not count. */
  readonly voters: number;
  readonly disks: Disk[];
  /** Of each line, up to where it was acknowledged. */
  readonly acknowledged: Map<number, number>;
  nextLine: number;
  /** How late its nodes are; undefined: by the dice. */
  lateness: Lateness | undefined;
  /** Until when writes have been counted. */
  flowedAt: number;
}

export function createClusterWorld(of: {
  unit: UnitName;
  acknowledgers: number;
  nodes: number;
  voters: number;
}): ClusterWorld {
  return {
    unit: of.unit,
    acknowledgers: of.acknowledgers,
    voters: of.voters,
    disks: Array.from({ length: of.nodes }, (_, ordinal) => createDisk(replicaId(of.unit, ordinal), ordinal)),
    acknowledged: new Map(),
    nextLine: 1,
    lateness: undefined,
    flowedAt: 0,
  };
}

function createDisk(replica: ReplicaId, ordinal: number): Disk {
  const settings = { term: 0, follows: undefined, alone: false };
  return {
    replica,
    ordinal,
    term: 0,
    fenced: 0,
    role: 'none',
    isHalf: false,
    log: emptyLog,
    settings,
    server: undefined,
    told: settings,
    hasReceived: false,
    known: undefined,
    knownAt: 0,
    toldOf: '',
    cutUntil: 0,
    deafUntil: 0,
    aloneUntil: 0,
    heard: heardNothing,
  };
}

/** It runs, and its main loop turns. */
export function isAwake(process: VirtualProcess): boolean {
  return process.started && process.state === 'running' && process.blockedSince === undefined;
}

/** Its first process does nothing any more: no new connection, no signal. */
export function isFrozen(server: VirtualProcess): boolean {
  return server.state === 'stopped' || server.blockedSince !== undefined;
}

/**
 * Its backends work: a client that is connected goes on writing, a standby goes on receiving. Of a server that is frozen often the first
 * process alone is, which is the worse case: it looks dead, and acknowledges.
 */
export function isAtWork(disk: Disk): boolean {
  const { server } = disk;
  if (server === undefined || server.state === 'exited' || !server.started) return false;
  return !isFrozen(server) || server.pid % 2 === 1;
}

/** The one that it receives log from now, if it does. */
export function sourceOf(cluster: ClusterWorld, disk: Disk, now: number): Disk | undefined {
  const { follows } = disk.told;
  const isCut = disk.cutUntil > now || disk.deafUntil > now;
  if (follows === undefined || disk.role !== 'standby' || !isAtWork(disk) || isCut) return undefined;
  const source = cluster.disks.find((one) => one.replica === follows);
  if (source === undefined || source.role !== 'primary' || !isAtWork(source) || source.cutUntil > now) return undefined;
  return isBeginningOf(disk.log, source.log) ? source : undefined;
}

/** Those that receive from it now and whose word counts: at home, and under the name that they were given in the primary's own term. */
export function votersOf(cluster: ClusterWorld, primary: Disk, now: number): readonly Disk[] {
  return cluster.disks.filter(
    (one) =>
      one.ordinal < cluster.voters && one.told.term === primary.told.term && sourceOf(cluster, one, now) === primary,
  );
}

/** Up to where enough of them have its log; undefined where too few receive. */
export function sharedEndOf(cluster: ClusterWorld, primary: Disk, now: number): number | undefined {
  const ends = votersOf(cluster, primary, now).map(({ log }) => log.end);
  return ends.toSorted((a, b) => b - a)[cluster.acknowledgers - 1];
}

/** The newest of those that accept writes. */
export function primaryOf(cluster: ClusterWorld): Disk | undefined {
  let newest: Disk | undefined;
  for (const disk of cluster.disks) {
    if (disk.role === 'primary' && isAtWork(disk) && disk.term > (newest?.term ?? 0)) newest = disk;
  }
  return newest;
}

/** Whether a node is of use where it is: it writes, or it has what it copies from. */
export function isInPlace(cluster: ClusterWorld, disk: Disk, now: number): boolean {
  const primary = primaryOf(cluster);
  return disk === primary || (primary !== undefined && sourceOf(cluster, disk, now) === primary);
}
