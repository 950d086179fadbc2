// Plain questions about a database cluster, asked all over this folder so that each has one answer; and its founding.
// It decides nothing.
import { type ReplicaId, replicaId } from '@hale/model';
import type { Copies } from '../detectors/finding.ts';
import { limits } from '../limits.ts';
import { isActive, wants } from '../lives.ts';
import type { Cluster, ClusterNode, Life, Slot, Unit } from '../state.ts';

/** A node that runs and is wanted. */
export interface Seat {
  readonly slot: Slot;
  readonly life: Life;
  readonly node: ClusterNode;
}

/** The cluster as it is first met: what the nodes themselves remember counts; where none runs, the first node begins. */
export function foundCluster(unit: Unit): Cluster {
  const told = unit.slots.flatMap((slot) =>
    slot.lives.flatMap(({ seen }) => (seen?.database === undefined ? [] : [{ slot, ...seen.database }])),
  );
  const term = Math.max(1, ...told.map((one) => one.term));
  const primary = told.find((one) => one.role === 'primary' && one.term === term);
  return {
    term,
    primary: primary?.slot.replica ?? replicaId(unit.spec.name, 0),
    open: undefined,
    // Who is met in this term may have acknowledged in it.
    joined: told.filter((one) => one.role === 'standby' && one.term === term).map((one) => one.slot.replica),
    baseline: undefined,
    election: undefined,
    refused: undefined,
  };
}

export function nodeOf(life: Life): ClusterNode {
  life.node ??= { fit: 0, follows: 0, command: undefined, notBefore: 0, dryAt: undefined };
  return life.node;
}

/** Everybody who can be told something: started, not on the way out, not condemned. */
export function seatsOf(unit: Unit): readonly Seat[] {
  const seats: Seat[] = [];
  for (const slot of unit.slots) {
    const life = slot.lives.findLast(isActive);
    if (life?.seen === undefined || life.condemned !== undefined || !wants(slot, unit)) continue;
    if (life.seen.process.kind === 'running') seats.push({ slot, life, node: nodeOf(life) });
  }
  return seats;
}

export function primarySlot(unit: Unit, cluster: Cluster): Slot | undefined {
  return unit.slots.find((slot) => slot.replica === cluster.primary);
}

/**
 * Nothing of the primary can serve any more: it has ended, or it is condemned. One that is asked to stop is left to end
 * first, because its goodbye brings every standby up to date.
 */
export function isPrimaryLost(unit: Unit, cluster: Cluster): boolean {
  const lives = primarySlot(unit, cluster)?.lives ?? [];
  return lives.every((life) => life.condemned !== undefined);
}

/** Its data is that of this term: it was started so, or an election found it fit. */
export function isFit(life: Life, cluster: Cluster): boolean {
  return life.node?.fit === cluster.term || life.seen?.database?.term === cluster.term;
}

/** Its data was that of the term before, and it may hold no more of it than its primary does: that can be asked. */
export function mayBeFit(life: Life, cluster: Cluster): boolean {
  const { node, seen } = life;
  const { before } = cluster;
  if (before === undefined || node?.astray === cluster.term || seen?.database?.role !== 'standby') return false;
  return seen.database.term === before.term || node?.fit === before.term;
}

/** A copy in another region: it never acknowledges, and takes over only when a person says so (move.ts). */
export function isDistant(unit: Unit, replica: ReplicaId): boolean {
  const distant = unit.spec.cluster?.regions?.distant.length ?? 0;
  return unit.slots.findIndex((slot) => slot.replica === replica) >= unit.wanted - distant;
}

export function isJoined(cluster: Cluster, replica: ReplicaId): boolean {
  return cluster.joined.includes(replica);
}

/** When a node was as it was last seen; one that cannot be asked is told of as it was before. */
export function saidAt({ seen, seenAt }: Life): number {
  return seenAt - (seen?.database?.agoMs ?? 0);
}

/** Whether it receives, as it was seen since it was told whom to follow; undefined where nobody has looked since. */
export function receives({ node, seen, seenAt }: Life): boolean | undefined {
  return seenAt > (node?.followedAt ?? 0) ? seen?.database?.streaming : undefined;
}

/** How many other nodes of this term, the primary or those that follow it, have their data where they left it. */
export function othersWithData(unit: Unit, life: Life): number {
  const { cluster } = unit;
  const hasData = (seat: Seat) =>
    seat.life !== life &&
    (seat.life.incarnation === cluster?.open || seat.node.follows === cluster?.term) &&
    seat.life.seen?.database !== undefined &&
    seat.life.seen.database.disk !== 'gone';
  return cluster === undefined ? 0 : seatsOf(unit).filter(hasData).length;
}

/**
 * How the standbys see the primary, when `life` is it; undefined of any other. Who has not been without anything for a while says nothing
 * yet: a new primary has standbys that have only just been told.
 */
export function copiesOf(unit: Unit, life: Life): Copies | undefined {
  const { cluster } = unit;
  if (cluster === undefined || cluster.open !== life.incarnation) return undefined;
  const following = seatsOf(unit).filter(({ node }) => node.follows === cluster.term);
  const isDry = ({ life: copy, node }: Seat) =>
    receives(copy) === false && node.dryAt !== undefined && copy.seenAt - node.dryAt >= limits.witnessAfterMs;
  const mayLead = ({ node, life: { seen } }: Seat) =>
    node.follows === cluster.term && seen?.database?.streaming === true && seen.database.disk === 'free';
  const joined = seatsOf(unit).filter(({ slot }) => isJoined(cluster, slot.replica));
  return {
    following: following.length,
    receiving: following.filter((seat) => !isDry(seat)).length,
    haveRoom:
      cluster.alone === undefined &&
      joined.length > 0 &&
      joined.length === cluster.joined.length &&
      joined.every(mayLead),
  };
}
