// What a running node is told, done as the real hands do it (platform/src/postgres/node-orders.ts): first the badge, then the settings,
// then the server is made to read them. A frozen server reads them when it thaws: an order that failed may still come true.
import type { Command } from '@hale/model';
import type { LogMark } from '../../referees/referee.ts';
import { type ClusterWorld, type Disk, isFrozen } from './disk.ts';
import { refuseTerm, type Trouble } from './folder.ts';
import { branchOff, holds, reachOf } from './log.ts';
import { flow, type Sea } from './tide.ts';

export type NodeCommand = Extract<Command, { kind: 'FenceStandby' | 'FollowPrimary' | 'PromoteStandby' }>;

/** 'later': the server cannot be told yet, the badge is written. */
export type Obeyed = Trouble | { readonly done: true; readonly logEnd?: number } | 'later';

export interface Node {
  readonly cluster: ClusterWorld;
  readonly disk: Disk;
}

/** One try. Done again, it changes nothing more. */
export function obey({ cluster, disk }: Node, command: NodeCommand, sea: Sea): Obeyed {
  flow(cluster, sea);
  const past = refuseTerm(disk, command.term);
  if (past !== undefined) return past;
  const { term } = command;
  if (command.kind === 'FenceStandby') disk.fenced = term;
  else Object.assign(disk, { term, fenced: term });
  const isStandby = disk.role === 'standby';
  if (command.kind === 'PromoteStandby' && !isStandby) return count(disk, command, sea);
  disk.settings = { term, follows: command.kind === 'FollowPrimary' ? command.primary : undefined, alone: false };
  if (!reload(disk)) return 'later';
  if (command.kind === 'FollowPrimary') return { done: true };
  if (command.kind === 'PromoteStandby') {
    promote(cluster, disk, sea);
    return { done: true };
  }
  if (!isStandby)
    return { code: 'HALE_PLATFORM_POSTGRES_FENCE', message: `${disk.replica} is a primary: it cannot be fenced` };
  // Where it received nothing in this life, the end of its log is known once it has been replayed.
  if (!disk.hasReceived && sea.now - (disk.server?.spawnedAt ?? 0) < replayMs) return 'later';
  return { done: true, logEnd: disk.log.end };
}

const replayMs = 1_500;
/** A commit that is under way has looked before its server took in the new setting. */
const takenInMs = 3_000;

/** A primary is told to wait for nobody, or to wait again. */
function count(disk: Disk, { alone }: Extract<NodeCommand, { kind: 'PromoteStandby' }>, sea: Sea): Obeyed {
  if (alone === undefined) return { done: true };
  const wasAlone = disk.told.alone;
  disk.settings = { ...disk.settings, alone };
  if (!reload(disk)) return 'later';
  if (wasAlone && !alone) disk.aloneUntil = sea.now + sea.rng.below(takenInMs);
  return { done: true };
}

/** Its server reads the settings; false while it hears nothing. */
export function reload(disk: Disk): boolean {
  const { server } = disk;
  if (server === undefined || server.state === 'exited' || !server.started || isFrozen(server)) return false;
  disk.told = disk.settings;
  return true;
}

function promote(cluster: ClusterWorld, disk: Disk, sea: Sea): void {
  disk.role = 'primary';
  disk.log = branchOff(disk.log, cluster.nextLine++);
  tellPrimary(cluster, disk, sea);
}

/** Whoever keeps the books hears that it writes from here on, and with what. */
export function tellPrimary(cluster: ClusterWorld, disk: Disk, sea: Sea): void {
  const { replica, term, log, server } = disk;
  if (server === undefined) return;
  const { incarnation } = server;
  const has = (mark: LogMark) => holds(log, mark);
  const reach = (line: number) => reachOf(log, line);
  sea.tell({ kind: 'primary', unit: cluster.unit, replica, incarnation, term, holds: has, reach });
}
