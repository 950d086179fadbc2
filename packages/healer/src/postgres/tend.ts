// The keeper of one database cluster: in every step it compares who should be the primary with who is, and takes the next step.
// Level-based like all of this room: losing any single answer or observation only costs time.
//
//   primary lost ─────────> election.ts
//   primary is a standby ─> PromoteStandby, until it says that it writes          (cluster.open: its life)
//   primary writes ───────> everybody else follows it; who follows in vain is copied anew

import { charge, rateRefusal } from '../budget.ts';
import { kill } from '../leaving.ts';
import { limits } from '../limits.ts';
import { isActive, isStanding } from '../lives.ts';
import { refuse } from '../starting.ts';
import type { Cluster, Life, Unit } from '../state.ts';
import { about, give, tell, type Work, wakeBy } from '../work.ts';
import { tendAlone } from './alone.ts';
import {
  foundCluster,
  isDistant,
  isFit,
  isPrimaryLost,
  mayBeFit,
  primarySlot,
  receives,
  type Seat,
  saidAt,
  seatsOf,
} from './cluster.ts';
import { askWhereItEnds, considerElection, driveElection } from './election.ts';

export function tendClusters(work: Work): void {
  if (!work.brain.sawFull) return;
  for (const unit of work.brain.units) {
    if (unit.spec.cluster === undefined) unit.cluster = undefined;
    else if (!unit.removed) {
      unit.cluster ??= foundCluster(unit);
      if (isBehind(unit, unit.cluster)) {
        unit.cluster = foundCluster(unit);
        const text = `the nodes of ${unit.spec.name} remember term ${unit.cluster.term}, later than we do: they are believed`;
        tell(work, 'info', text, { unit: unit.spec.name });
      }
      if (!work.brain.shutdown) tend(work, unit, unit.cluster);
    }
  }
}

/** Our memory is older than the nodes' own: a journal was lost, or brought back from a backup. */
function isBehind(unit: Unit, cluster: Cluster): boolean {
  const newest = cluster.election?.term ?? cluster.term;
  return unit.slots.some((slot) => slot.lives.some((life) => (life.seen?.database?.term ?? 0) > newest));
}

function tend(work: Work, unit: Unit, cluster: Cluster): void {
  noteOpen(work, unit, cluster);
  if (cluster.election !== undefined) driveElection(work, unit, cluster, cluster.election);
  else if (isPrimaryLost(unit, cluster)) considerElection(work, unit, cluster);
  if (cluster.election !== undefined) return;
  restartOldPrimary(work, unit, cluster);
  promote(work, unit, cluster);
  tendAlone(work, unit, cluster);
  for (const seat of seatsOf(unit)) if (seat.slot.replica !== cluster.primary) lead(work, unit, cluster, seat);
}

/** Who accepts writes: the life that said so; nobody once it is gone or condemned. */
function noteOpen(work: Work, unit: Unit, cluster: Cluster): void {
  const life = primarySlot(unit, cluster)?.lives.findLast(isActive);
  // One that turns up during an election is not what it was: those who acknowledged for it are being fenced.
  const isOver = cluster.election !== undefined;
  if (isOver || life === undefined || life.condemned !== undefined) cluster.open = undefined;
  else if (cluster.open !== life.incarnation) {
    cluster.open = undefined;
    const database = life.seen?.database;
    const writes = database?.role === 'primary' && database.term === cluster.term && life.stage === 'up';
    // A frozen one says still what it said before.
    if (writes && life.seen?.ready.verdict === 'pass' && life.seen.process.kind === 'running' && !isStanding(life))
      openFor(work, unit, cluster, life);
  }
}

/** It accepts writes. Those that were waiting for it are let in by the table that follows. */
export function openFor(work: Work, unit: Unit, cluster: Cluster, life: Life): void {
  cluster.open = life.incarnation;
  cluster.baseline ??= life.seen?.database?.logEnd;
  cluster.refused = undefined;
  cluster.lostAt = undefined;
  const replica = cluster.primary;
  tell(work, 'verified', `${replica} accepts writes as the primary of term ${cluster.term}`, {
    unit: unit.spec.name,
    replica,
  });
}

/** It was given up, turned up again, and is the primary of the next term: until it is started in that term it counts by the names of the last. */
function restartOldPrimary(work: Work, unit: Unit, cluster: Cluster): void {
  const seat = seatsOf(unit).find(({ slot }) => slot.replica === cluster.primary);
  const database = seat?.life.seen?.database;
  if (seat === undefined || database?.role !== 'primary' || database.term >= cluster.term) return;
  kill(seat.life, 0);
  const text = `${seat.slot.replica} runs as the primary of term ${database.term}: it is started again in term ${cluster.term}`;
  tell(work, 'acted', text, about(unit, seat.slot));
}

/** The primary of the term runs, and still as a standby: it is told. */
function promote(work: Work, unit: Unit, cluster: Cluster): void {
  const seat = seatsOf(unit).find(({ slot }) => slot.replica === cluster.primary);
  if (seat === undefined || cluster.open !== undefined) return;
  const { slot, life, node } = seat;
  const isStandby = life.seen?.database?.role === 'standby' && isFit(life, cluster);
  if (!isStandby || !mayAsk(work, seat)) return;
  const id = give(
    work,
    { kind: 'PromoteStandby', replica: slot.replica, incarnation: life.incarnation, term: cluster.term },
    { reason: `${slot.replica} is the primary of term ${cluster.term}`, deadlineMs: limits.clusterDeadlineMs },
  );
  node.command = { id, kind: 'promote' };
}

function lead(work: Work, unit: Unit, cluster: Cluster, seat: Seat): void {
  const { slot, life } = seat;
  if (!isFit(life, cluster)) {
    // What it runs on may hold what its new primary never had. Nothing is known of a node that says nothing yet.
    if (life.seen?.database === undefined || cluster.open === undefined) return;
    if (mayBeFit(life, cluster)) askWhereItEnds(work, unit, cluster, seat);
    else sendAway(work, unit, seat, 'is of an older term');
    return;
  }
  if (seat.node.follows !== cluster.term) follow(work, unit, cluster, seat);
  else watchStream(work, unit, cluster, seat);
  if (life.seen?.database?.streaming === true) slot.rebuild = false;
}

/** Written down as one who may acknowledge before it hears of it (INV-02, INV-07). */
function follow(work: Work, unit: Unit, cluster: Cluster, seat: Seat): void {
  const primary = primarySlot(unit, cluster)?.lives.find(({ incarnation }) => incarnation === cluster.open)?.seen;
  if (primary?.port === undefined || !mayAsk(work, seat)) return;
  const { slot, life, node } = seat;
  if (!isDistant(unit, slot.replica) && !cluster.joined.includes(slot.replica)) cluster.joined.push(slot.replica);
  const { address, port } = primary;
  const { term } = cluster;
  const id = give(
    work,
    {
      kind: 'FollowPrimary',
      replica: slot.replica,
      incarnation: life.incarnation,
      term,
      primary: cluster.primary,
      address,
      port,
    },
    { reason: `${cluster.primary} is the primary of ${unit.spec.name}`, deadlineMs: limits.clusterDeadlineMs },
  );
  node.command = { id, kind: 'follow' };
}

/** One that was told to follow and receives nothing, while its primary writes, cannot follow: its data has parted ways. */
function watchStream(work: Work, unit: Unit, cluster: Cluster, seat: Seat): void {
  const { life, node } = seat;
  const end = life.seen?.database?.logEnd ?? 0;
  const isCut = receives(life) === false;
  // A connection that comes and goes brings nothing: what counts is the log that it brought.
  const lacks = node.dryEnd !== undefined && end <= node.dryEnd && end < (cluster.lastEnd ?? 0);
  if (cluster.open === undefined || (!isCut && !lacks)) {
    node.dryAt = undefined;
    node.apartAt = undefined;
    node.dryEnd = undefined;
    return;
  }
  const isNew = node.dryAt === undefined || end > (node.dryEnd ?? 0);
  if (isNew) node.dryAt = life.seenAt;
  // From a primary that is frozen nobody receives, and that proves nothing against their data.
  node.apartAt = !isAsked(unit, cluster) ? undefined : isNew ? life.seenAt : (node.apartAt ?? life.seenAt);
  node.dryEnd = end;
  if (!isCut || node.apartAt === undefined) return;
  // Judged by what it said itself, then (INV-04); the primary serves, so this costs a copy and nothing else.
  if (saidAt(life) - node.apartAt >= limits.dryMs) sendAway(work, unit, seat, 'follows and receives nothing');
  else wakeBy(work, node.apartAt + limits.dryMs);
}

/** Whether its primary could be asked when it was seen last. */
function isAsked(unit: Unit, cluster: Cluster): boolean {
  const primary = primarySlot(unit, cluster)?.lives.find(({ incarnation }) => incarnation === cluster.open);
  return primary !== undefined && primary.seenAt - saidAt(primary) <= limits.lookAgeMs;
}

function sendAway(work: Work, unit: Unit, { slot, life }: Seat, why: string): void {
  // A standby that can wait for its copy does not go past the one budget; who was deposed must not be left as it is.
  const refusal = life.seen?.database?.role === 'standby' ? rateRefusal(work, unit, slot) : undefined;
  if (refusal !== undefined) {
    refuse(work, unit, slot, { what: 'a copy', why: refusal });
    return;
  }
  charge(work, unit, slot);
  slot.rebuild = true;
  kill(life, 0);
  tell(work, 'acted', `${slot.replica} ${why}: its data is copied anew`, about(unit, slot));
}

/** One question at a time, and a pause after one that failed. */
function mayAsk(work: Work, { node }: Seat): boolean {
  if (node.command !== undefined) return false;
  if (work.now >= node.notBefore) return true;
  wakeBy(work, node.notBefore);
  return false;
}
