// What the eye sees of a node: what its server said when it was last asked, over a connection that stays open, and the term from its
// badge (platform/src/postgres/node-link.ts). A server that cannot be asked is told of as it was; one that was never asked is guessed.
import type { DatabaseObservation } from '@hale/model';
import { type ClusterWorld, type Disk, isAtWork, isInPlace, sourceOf } from './disk.ts';
import type { Node } from './node-orders.ts';

/** Asks the server; true when something that weighs differs from what it said before. */
export function askNode({ cluster, disk }: Node, now: number): boolean {
  const before = digestOf(disk);
  if (isAtWork(disk) && disk.role !== 'none') {
    const streaming = disk.role === 'primary' || sourceOf(cluster, disk, now) !== undefined;
    disk.known = { role: disk.role, logEnd: disk.log.end, streaming, lagMs: undefined };
  }
  const after = digestOf(disk);
  const isNew = after !== before || after !== disk.toldOf;
  disk.toldOf = after;
  return isNew;
}

export function observeNode(disk: Disk): DatabaseObservation {
  const role = disk.role === 'standby' ? 'standby' : 'primary';
  return { ...(disk.known ?? { role, logEnd: 0, streaming: false, lagMs: undefined }), term: disk.term };
}

function digestOf({ known, term }: Disk): string {
  return `${known?.role} ${term} ${known?.streaming}`;
}

/** Every node that runs is where it should be, and nobody is cut off. Notes who is not: for a while nothing that befalls it is undeserved. */
export function noteUnrest(cluster: ClusterWorld, now: number): boolean {
  const isCut = cluster.disks.some((disk) => disk.cutUntil > now);
  let isCalm = !isCut;
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
