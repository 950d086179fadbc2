// The tide of a database cluster: clients write, standbys receive, and what enough of them have is acknowledged. Counted lazily, from one
// event to the next, because between two events nothing changes but the length of the logs.
import type { Rng } from '@hale/base';
import type { DatabaseFact } from '../../referees/referee.ts';
import { type ClusterWorld, type Disk, isAtWork, sharedEndOf, sourceOf, votersOf } from './disk.ts';
import { firstPart, lineOf } from './log.ts';

export interface Sea {
  readonly now: number;
  readonly rng: Rng;
  readonly tell: (fact: DatabaseFact) => void;
}

const writeEveryMs = 5;
/** Clients wait for their commits: so many may be under way. */
const openMax = 10;

/** Lets everything happen that has happened since the last time. */
export function flow(cluster: ClusterWorld, sea: Sea): void {
  const ms = sea.now - cluster.flowedAt;
  cluster.flowedAt = sea.now;
  if (ms <= 0) return;
  for (const disk of cluster.disks) if (disk.role === 'primary' && isAtWork(disk)) write(cluster, disk, sea, ms);
}

/** A primary that is stopped in an orderly way sees to it that whoever follows it has everything. */
export function sayGoodbye(cluster: ClusterWorld, primary: Disk, sea: Sea): void {
  flow(cluster, sea);
  if (primary.role !== 'primary' || !isAtWork(primary)) return;
  primary.log = { ...primary.log, end: primary.log.end + 1 };
  for (const copy of copiesOf(cluster, primary, sea.now)) copy.log = primary.log;
  acknowledge(cluster, primary, sea);
}

function write(cluster: ClusterWorld, primary: Disk, sea: Sea, ms: number): void {
  const { rng } = sea;
  const copies = copiesOf(cluster, primary, sea.now);
  const wished = primary.log.end + Math.ceil(ms / writeEveryMs);
  const reached = copies.map((copy) => Math.max(copy.log.end, Math.min(wished, wished - drawLag(rng))));
  const voters = votersOf(cluster, primary, sea.now);
  const counted = copies.flatMap((copy, place) => (voters.includes(copy) ? [reached[place] as number] : []));
  const known = cluster.acknowledged.get(lineOf(primary.log)) ?? 0;
  const shared = Math.max(known, counted.toSorted((a, b) => b - a)[cluster.acknowledgers - 1] ?? 0);
  const sure = isAlone(primary, sea.now) ? wished : shared;
  const end = Math.max(primary.log.end, Math.min(wished, sure + openMax));
  primary.log = { ...primary.log, end };
  copies.forEach((copy, place) => {
    copy.log = firstPart(primary.log, Math.min(end, reached[place] as number));
    copy.hasReceived = true;
  });
  acknowledge(cluster, primary, sea);
}

function copiesOf(cluster: ClusterWorld, primary: Disk, now: number): readonly Disk[] {
  return cluster.disks.filter((one) => sourceOf(cluster, one, now) === primary);
}

/** It waits for nobody: what it writes it acknowledges. */
function isAlone(primary: Disk, now: number): boolean {
  return primary.told.alone || primary.aloneUntil > now;
}

function acknowledge(cluster: ClusterWorld, primary: Disk, sea: Sea): void {
  const line = lineOf(primary.log);
  const shared = sharedEndOf(cluster, primary, sea.now);
  const end = isAlone(primary, sea.now) ? primary.log.end : shared;
  const from = primary.log.branches.at(-1)?.from ?? 0;
  if (end === undefined || end <= (cluster.acknowledged.get(line) ?? from)) return;
  cluster.acknowledged.set(line, end);
  const { replica, told } = primary;
  const alone = end > (shared ?? 0);
  sea.tell({ kind: 'acknowledged', unit: cluster.unit, replica, term: told.term, mark: { line, end }, from, alone });
}

/** Mostly a few records; now and then somebody is far behind. */
function drawLag(rng: Rng): number {
  return rng.unit() < 0.9 ? rng.below(8) : rng.below(300);
}
