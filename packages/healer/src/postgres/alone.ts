// `durability: 'available'`: when nothing arrives at a standby any more, writes do not wait for ever. The primary goes on alone, and that is said, with how
// much is on one node only; when a standby has everything again, writes wait for it as before.
//
//   shared ── nothing arrives for 5 s ──> alone ── one keeps up again: told to wait ──> sharing ── 10 s on ──> shared
//                                               └── the primary is lost: only it has everything. It is started again; should it not come for 20 s,
//                                                   the furthest standby takes over, and what may be missing is told (escalated)
//
// Written down before the primary hears of it (INV-02), so what may be on one node only is never underestimated. Under 'no-acked-loss' nothing here
// ever happens (INV-07).
import { formatBytes, formatDuration } from '@hale/base';
import { limits } from '../limits.ts';
import type { Alone, Cluster, Life, Unit } from '../state.ts';
import { about, give, tell, type Work, wakeBy } from '../work.ts';
import { isDistant, primarySlot, receives, type Seat, saidAt, seatsOf } from './cluster.ts';

/** One step of going on alone, or of coming back from it. */
export function tendAlone(work: Work, unit: Unit, cluster: Cluster): void {
  const primary = seatsOf(unit).find(({ life }) => life.incarnation === cluster.open);
  if (primary !== undefined) noteEnd(cluster, primary);
  // One that moved to another region is alone whatever was declared, until it has standbys.
  if (unit.spec.cluster?.mayGoAlone !== true && cluster.alone === undefined) return;
  if (primary === undefined) {
    cluster.dryAt = undefined;
    return;
  }
  const { alone } = cluster;
  const arrival = arrivalOf(work, unit, cluster, primary);
  // A new life of one that is alone already has nothing to wait for; one that has just been told to wait again has.
  const isPatient = alone === undefined || alone.sharedAt !== undefined;
  if (arrival === 'all' && alone !== undefined) comeBack(work, { unit, cluster, primary, alone });
  else if (arrival === 'nothing' || (arrival !== 'all' && !isPatient)) goAlone(work, unit, cluster, primary);
}

/**
 * Whether what the primary writes reaches enough standbys: 'all' of it, 'nothing' for too long, or neither is certain. Judged by the log that has arrived:
 * a connection that comes and goes brings nothing, and looks well at every other look. Where nothing is written nothing can be missing.
 */
function arrivalOf(work: Work, unit: Unit, cluster: Cluster, primary: Seat): 'all' | 'late' | 'nothing' {
  const isFollowed = receivers(unit, cluster).length >= (unit.spec.cluster?.acknowledgers ?? 1);
  const unsharedMs = primary.life.seen?.database?.unsharedMs ?? 0;
  if (isFollowed) cluster.dryAt = undefined;
  else cluster.dryAt ??= work.now;
  if (unsharedMs >= limits.aloneAfterMs) return 'nothing';
  if (cluster.dryAt === undefined) return unsharedMs < limits.witnessAfterMs ? 'all' : 'late';
  const dueAt = cluster.dryAt + limits.aloneAfterMs;
  if (work.now >= dueAt) return 'nothing';
  wakeBy(work, dueAt);
  return 'late';
}

function noteEnd(cluster: Cluster, { life }: Seat): void {
  const end = life.seen?.database?.logEnd ?? 0;
  if (end < (cluster.lastEnd ?? 0)) return;
  cluster.lastEnd = end;
  cluster.lastEndAt = saidAt(life);
}

/** Whether the primary that was lost has something that nobody else has, as far as is known. */
export function isAlone(cluster: Cluster): boolean {
  return cluster.alone !== undefined;
}

/** The old primary had its time to come back: whoever is furthest may take over, and may lack something. */
export function isGivenUp(work: Work, unit: Unit, cluster: Cluster): boolean {
  if (unit.spec.cluster?.mayGoAlone !== true) return false;
  cluster.lostAt ??= work.now;
  const dueAt = cluster.lostAt + limits.givenUpMs;
  if (work.now >= dueAt) return true;
  wakeBy(work, dueAt);
  return false;
}

/** In bytes: what the primary had, as it was last seen, and the furthest standby has not. */
export function exposureOf(unit: Unit, cluster: Cluster): number {
  const ends = seatsOf(unit).flatMap(({ slot, life }) =>
    slot.replica === cluster.primary ? [] : [life.seen?.database?.logEnd ?? 0],
  );
  return Math.max(0, (cluster.lastEnd ?? 0) - Math.max(0, ...ends));
}

export function describeAlone(unit: Unit, cluster: Cluster): string | undefined {
  if (cluster.alone === undefined) return undefined;
  return `${cluster.primary} goes on alone: ${formatBytes(exposureOf(unit, cluster))} are on one node only`;
}

function receivers(unit: Unit, cluster: Cluster): readonly Seat[] {
  return seatsOf(unit).filter(
    ({ slot, life, node }) =>
      slot.replica !== cluster.primary &&
      !isDistant(unit, slot.replica) &&
      node.follows === cluster.term &&
      receives(life) === true,
  );
}

function goAlone(work: Work, unit: Unit, cluster: Cluster, primary: Seat): void {
  const { slot, life } = primary;
  if (cluster.alone === undefined) {
    cluster.alone = { since: work.now, told: undefined, does: false, sharedAt: undefined };
    const forMs = formatDuration(limits.aloneAfterMs);
    const isCut = cluster.dryAt !== undefined && work.now >= cluster.dryAt + limits.aloneAfterMs;
    const why = isCut
      ? `no standby of ${unit.spec.name} receives for ${forMs}`
      : `what ${slot.replica} writes has not arrived at a standby of ${unit.spec.name} for ${forMs}`;
    const text = `${why}: ${slot.replica} goes on alone, and what it acknowledges is on one node only`;
    tell(work, 'escalated', text, about(unit, slot));
  }
  cluster.alone.sharedAt = undefined;
  const { alone } = cluster;
  if (alone.told === life.incarnation && alone.does) return;
  // Told is told, also when no answer comes.
  if (order(work, { unit, cluster, primary, alone: true }))
    Object.assign(alone, { told: life.incarnation, does: false });
}

function comeBack(
  work: Work,
  { unit, cluster, primary, alone }: { unit: Unit; cluster: Cluster; primary: Seat; alone: Alone },
): void {
  // A new life begins with waiting: there is nothing to tell it.
  if (alone.told === primary.life.incarnation) {
    order(work, { unit, cluster, primary, alone: false });
    return;
  }
  alone.sharedAt ??= work.now;
  // Whoever was just committing may have looked before it was told.
  const dueAt = alone.sharedAt + limits.sharedAfterMs;
  const end = primary.life.seen?.database?.logEnd;
  const isKnown = saidAt(primary.life) >= dueAt && primary.life.seen?.ready.verdict === 'pass';
  if (work.now < dueAt || !isKnown || end === undefined) {
    wakeBy(work, dueAt);
    return;
  }
  // A standby counts for what was acknowledged alone only once it has it.
  cluster.baseline = Math.max(cluster.baseline ?? 0, end);
  cluster.alone = undefined;
  const text = `${unit.spec.name} has a standby that receives: writes wait for it again, after ${formatDuration(work.now - alone.since)} alone`;
  tell(work, 'verified', text, about(unit, primary.slot));
}

function order(
  work: Work,
  { unit, cluster, primary, alone }: { unit: Unit; cluster: Cluster; primary: Seat; alone: boolean },
): boolean {
  const { slot, life, node } = primary;
  if (node.command !== undefined) return false;
  if (work.now < node.notBefore) {
    wakeBy(work, node.notBefore);
    return false;
  }
  const id = give(
    work,
    { kind: 'PromoteStandby', replica: slot.replica, incarnation: life.incarnation, term: cluster.term, alone },
    {
      reason: alone ? `no standby of ${unit.spec.name} receives` : `a standby of ${unit.spec.name} receives again`,
      incident: primarySlot(unit, cluster)?.incident,
      deadlineMs: limits.clusterDeadlineMs,
    },
  );
  node.command = { id, kind: alone ? 'alone' : 'share' };
  return true;
}

/** The primary was told, and said that it is so. */
export function foldAlone({ alone }: Cluster, life: Life, kind: 'alone' | 'share'): void {
  if (alone === undefined || alone.told !== life.incarnation) return;
  if (kind === 'alone') alone.does = true;
  else alone.told = undefined;
}
