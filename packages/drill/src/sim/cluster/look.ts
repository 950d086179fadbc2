// What the eye sees of a node: what its server said when it was last asked, over a connection that stays open, and the term from its
// badge (platform/src/postgres/node-link.ts). A server that cannot be asked is told of as it was; one that was never asked is guessed.
import type { DatabaseObservation } from '@hale/model';
import { type ClusterWorld, type Disk, isAtWork, isInPlace, sharedEndOf, sourceOf } from './disk.ts';
import type { Node } from './node-orders.ts';

const flickerMs = 750;
/** A wait that grows is told again after so long. */
const stepMs = 500;

/** Asks the server; true when something that weighs differs from what it said before. */
export function askNode({ cluster, disk }: Node, now: number): boolean {
  const before = digestOf(disk);
  if (isAtWork(disk) && disk.role !== 'none') {
    const flickers = disk.deafUntil > now && Math.floor(now / flickerMs) % 2 === 0;
    const streaming = disk.role === 'primary' || flickers || sourceOf(cluster, disk, now) !== undefined;
    const shared = disk.role === 'primary' ? { unsharedMs: hear(cluster, disk, now) } : {};
    disk.known = { role: disk.role, logEnd: disk.log.end, streaming, lagMs: undefined, ...shared };
    disk.knownAt = now;
  }
  const after = digestOf(disk);
  const isNew = after !== before || after !== disk.toldOf;
  disk.toldOf = after;
  return isNew;
}

/** For how long it has had something that too few have told it they have. */
function hear(cluster: ClusterWorld, disk: Disk, now: number): number {
  const end = Math.max(disk.heard.end, sharedEndOf(cluster, disk, now) ?? 0);
  const { owed } = disk.heard;
  const isOwed = owed !== undefined && end < owed.end;
  disk.heard = { end, owed: isOwed ? owed : disk.log.end > end ? { end: disk.log.end, at: now } : undefined };
  return disk.heard.owed === undefined ? 0 : now - disk.heard.owed.at;
}

export function observeNode(disk: Disk, now: number): DatabaseObservation {
  const { known, knownAt, term } = disk;
  if (known !== undefined) return { ...known, agoMs: now - knownAt, term };
  const role = disk.role === 'standby' ? 'standby' : 'primary';
  return { role, logEnd: 0, streaming: false, lagMs: undefined, term };
}

function digestOf({ known, term }: Disk): string {
  return `${known?.role} ${term} ${known?.streaming} ${Math.floor((known?.unsharedMs ?? 0) / stepMs)}`;
}

/** Every node that runs is where it should be, and nobody is cut off. Notes who is not: for a while nothing that befalls it is undeserved. */
export function noteUnrest(cluster: ClusterWorld, now: number): boolean {
  const isCut = cluster.disks.some((disk) => disk.cutUntil > now || disk.deafUntil > now);
  let isCalm =
    !isCut && !cluster.disks.some(({ role, known }) => role === 'primary' && (known?.unsharedMs ?? 0) >= stepMs);
  for (const disk of cluster.disks) {
    const { server } = disk;
    if (server === undefined || server.state === 'exited') continue;
    const isLonely = isCut && disk.role === 'primary' && !hasCopies(cluster, disk, now);
    if (isInPlace(cluster, disk, now) && !isLonely) continue;
    server.lastIllAt = now;
    isCalm = false;
  }
  return isCalm;
}

function hasCopies(cluster: ClusterWorld, primary: Disk, now: number): boolean {
  return cluster.disks.some((one) => sourceOf(cluster, one, now) === primary);
}
