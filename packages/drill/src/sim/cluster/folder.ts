// Makes the disk of a node right before its server starts, by the rules of the real hands (platform/src/postgres/node-folder.ts): nothing
// of a past term is started, nothing empty becomes a primary after the first term, and whoever is no whole copy of this term is
// copied anew, which takes time and can break off.
import type { DatabaseTerm } from '@hale/model';
import { type ClusterWorld, type Disk, heardNothing, isAtWork, isFrozen } from './disk.ts';
import { branchOff } from './log.ts';

export interface Trouble {
  readonly code: string;
  readonly message: string;
}

/** What there is to do before the server may start: a trouble, nothing, or a copy of that node. */
export function examineFolder(
  cluster: ClusterWorld,
  disk: Disk,
  order: DatabaseTerm,
): Trouble | { readonly copyOf: Disk } | undefined {
  const past = refuseTerm(disk, order.term);
  if (past !== undefined) return past;
  if (order.primary === disk.replica) return examinePrimary(disk, order);
  const isWhole = order.rebuild !== true && disk.term === order.term && !disk.isHalf && disk.role === 'standby';
  if (isWhole) return undefined;
  const source = cluster.disks.find((one) => one.replica === order.primary);
  if (order.from === undefined || source === undefined || !mayBeCopied(source))
    return {
      code: 'HALE_PLATFORM_POSTGRES_NO_PRIMARY',
      message: `${disk.replica} must copy ${order.primary}, which does not serve`,
    };
  return { copyOf: source };
}

/** An order of a term that is over for this node, whoever brings it. */
export function refuseTerm(disk: Disk, term: number): Trouble | undefined {
  const newest = Math.max(disk.term, disk.fenced);
  if (term >= newest) return undefined;
  return {
    code: 'HALE_PLATFORM_POSTGRES_TERM',
    message: `${disk.replica} has promised itself to term ${newest}: an order of term ${term} is refused`,
  };
}

function examinePrimary(disk: Disk, { term }: DatabaseTerm): Trouble | undefined {
  if (disk.isHalf)
    return { code: 'HALE_PLATFORM_POSTGRES_DAMAGED', message: 'its data is a copy that was never finished' };
  if (disk.role !== 'none' || (term <= 1 && disk.ordinal === 0)) return undefined;
  return {
    code: 'HALE_PLATFORM_POSTGRES_NO_DATA',
    message: `${disk.replica} is the primary of term ${term}, and has no data`,
  };
}

/** A server that answers new questions and writes. */
export function mayBeCopied(source: Disk): boolean {
  const { server } = source;
  return source.role === 'primary' && isAtWork(source) && server !== undefined && !isFrozen(server);
}

export function beginCopy(disk: Disk): void {
  disk.isHalf = true;
}

export function finishCopy(disk: Disk, source: Disk): void {
  disk.isHalf = false;
  disk.role = 'standby';
  disk.log = source.log;
}

/** The last thing before the server starts: the badge says the term, and the settings name nobody to follow. */
export function sealFolder(cluster: ClusterWorld, disk: Disk, term: number): void {
  if (disk.role === 'none') {
    disk.role = 'primary';
    disk.log = branchOff(disk.log, cluster.nextLine++);
  }
  disk.term = term;
  disk.fenced = Math.max(disk.fenced, term);
  disk.settings = { term, follows: undefined, alone: false };
  disk.told = disk.settings;
  disk.aloneUntil = 0;
  disk.heard = heardNothing;
  disk.hasReceived = false;
  disk.known = undefined;
}
