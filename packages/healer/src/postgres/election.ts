// The change of primary. It is begun only when enough standbys can be asked, and it ends in exactly one of two ways: the
// furthest of the fenced becomes the primary of the next term, or the old primary is started again, in the next term too.
//
//   lost ── enough in reach ──> fencing ── enough fenced ──> the furthest is the primary: term + 1
//     │                            └── 10 s pass, or too few are left ──> the old one again: term + 1
//     └── too few in reach: refused aloud; the old one is started again, and this is asked anew when that changes
//
// INV-07: who has not been fenced is counted as acknowledging; see quorum.ts.
import { formatDuration } from '@hale/base';
import { addRemedy } from '../incidents.ts';
import { limits } from '../limits.ts';
import type { Cluster, Election, Unit } from '../state.ts';
import { give, tell, type Work, wakeBy } from '../work.ts';
import { isAlone, isGivenUp } from './alone.ts';
import { isFit, isJoined, nodeOf, primarySlot, type Seat, seatsOf } from './cluster.ts';
import { boundOf, missingOf, unseenFor } from './lack.ts';
import { beginMove, judgeMove, lacks, tellMove, voicesOf } from './move.ts';
import { fencesNeeded, furthest } from './quorum.ts';

/** The primary is lost: begin, or say why not. */
export function considerElection(work: Work, unit: Unit, cluster: Cluster): void {
  if (beginMove(work, unit, cluster)) {
    driveElection(work, unit, cluster, cluster.election!);
    return;
  }
  // Where nobody runs the system is starting, and its primary first.
  if (cluster.joined.length === 0 || seatsOf(unit).length === 0) return;
  const lossy = isGivenUp(work, unit, cluster);
  const needed = lossy ? 1 : needOf(unit, cluster);
  const inReach = votersOf(unit, cluster).length;
  if (isAlone(cluster) && !lossy) {
    const why = `${cluster.primary} went on alone, and only it has everything`;
    refuseOnce(work, unit, cluster, `a failover of ${unit.spec.name} is refused for now: ${why}`);
    return;
  }
  if (inReach < needed) {
    const why = `${inReach} of ${cluster.joined.length} standbys that may have acknowledged can be asked, ${needed} are needed`;
    refuseOnce(work, unit, cluster, `a failover of ${unit.spec.name} is refused for now: ${why}`);
    return;
  }
  cluster.refused = undefined;
  cluster.open = undefined;
  cluster.election = { term: cluster.term + 1, since: work.now, fenced: [], ...(lossy && { lossy }) };
  const slot = primarySlot(unit, cluster);
  if (slot !== undefined) addRemedy(work, slot, 'fail over');
  const subject = { unit: unit.spec.name, replica: cluster.primary, incident: slot?.incident };
  tell(work, 'acted', `${cluster.primary} is lost: a standby takes over (term ${cluster.term + 1})`, subject);
  driveElection(work, unit, cluster, cluster.election);
}

/** One step of an election that is under way. */
export function driveElection(work: Work, unit: Unit, cluster: Cluster, election: Election): void {
  if (cluster.moving !== undefined) {
    driveMove(work, unit, cluster, election);
    return;
  }
  const voters = votersOf(unit, cluster);
  election.fenced = election.fenced.filter(({ incarnation }) =>
    voters.some(({ life }) => life.incarnation === incarnation),
  );
  const needed = election.lossy === true ? 1 : needOf(unit, cluster);
  const chosen = furthest(election.fenced);
  if (chosen !== undefined && election.lossy === true && election.fenced.length === voters.length) {
    const seen = missingOf(cluster, chosen.logEnd);
    const bytes = seen === 0 ? '' : `up to ${boundOf(seen)} that were seen, and `;
    const text = `${cluster.primary} did not come back: ${chosen.replica} becomes the primary of term ${election.term}, and may lack ${bytes}what was acknowledged in the ${unseenFor(work, cluster)} since that was looked at`;
    enthrone(work, unit, cluster, { election, primary: chosen.replica, baseline: chosen.logEnd });
    tell(work, 'escalated', text, { unit: unit.spec.name, replica: chosen.replica });
    return;
  }
  if (chosen !== undefined && election.lossy !== true && election.fenced.length >= needed) {
    if (chosen.logEnd >= (cluster.baseline ?? Number.POSITIVE_INFINITY)) {
      enthrone(work, unit, cluster, { election, primary: chosen.replica, baseline: chosen.logEnd });
      const others = election.fenced.length - 1;
      const text = `${chosen.replica} has everything that was acknowledged (${others} other fenced): it becomes the primary of term ${election.term}`;
      tell(work, 'acted', text, { unit: unit.spec.name, replica: chosen.replica });
      return;
    }
  }
  const tooLate = election.since + limits.electionMs;
  const isBehind =
    election.lossy !== true && election.fenced.length === voters.length && election.fenced.length >= needed;
  if (work.now >= tooLate || voters.length < needed || isBehind) {
    const late = `not within ${formatDuration(limits.electionMs)}`;
    const few = 'too few are left';
    const why = isBehind ? 'none has all of the earlier terms yet' : voters.length < needed ? few : late;
    tell(work, 'info', `no standby could take over (${why}): ${cluster.primary} is to be the primary again`, {
      unit: unit.spec.name,
    });
    enthrone(work, unit, cluster, { election, primary: cluster.primary, baseline: undefined });
    return;
  }
  wakeBy(work, tooLate);
  for (const voter of voters) askToBeFenced(work, unit, voter, election.term);
}

/**
 * It was not asked in the election, or answered too late; in another region it never is. What it copied is the log of the term before, and that ends
 * somewhere: where its primary has as much, it follows, and nothing is copied.
 */
export function askWhereItEnds(work: Work, unit: Unit, cluster: Cluster, seat: Seat): void {
  askToBeFenced(work, unit, seat, cluster.term);
}

function driveMove(work: Work, unit: Unit, cluster: Cluster, election: Election): void {
  const voices = voicesOf(unit, cluster);
  election.fenced = election.fenced.filter(({ incarnation }) =>
    voices.some(({ life }) => life.incarnation === incarnation),
  );
  const primary = cluster.moving!;
  const logEnd = judgeMove(work, unit, cluster, election);
  if (logEnd === 'waits') {
    for (const voice of voices) askToBeFenced(work, unit, voice, election.term);
  } else if (logEnd === 'failed') {
    cluster.moving = undefined;
    tell(work, 'refused', `${unit.spec.name} is not moved: ${primary} did not answer`, { unit: unit.spec.name });
    enthrone(work, unit, cluster, { election, primary: cluster.primary, baseline: undefined });
  } else {
    const missing = lacks(work, unit, cluster, election);
    // Others may have what it lacks: their data parts ways with its own.
    const alone = { ...election, fenced: election.fenced.filter(({ replica }) => replica === primary) };
    enthrone(work, unit, cluster, { election: alone, primary, baseline: logEnd });
    tellMove(work, { unit, cluster }, missing);
  }
}

/**
 * The term begins: nobody has joined it yet. Whom the election has fenced holds nothing that its primary lacks; and where the primary
 * stays the same, nor does anybody whose data was right for the term before: it was copied from that very disk.
 */
function enthrone(
  work: Work,
  unit: Unit,
  cluster: Cluster,
  { election, primary, baseline }: { election: Election } & Pick<Cluster, 'primary' | 'baseline'>,
): void {
  for (const { life, node } of seatsOf(unit)) {
    node.command = undefined;
    node.notBefore = work.now;
    const isFenced = election.fenced.some(({ incarnation }) => incarnation === life.incarnation);
    if (isFenced || (primary === cluster.primary && isFit(life, cluster))) node.fit = election.term;
  }
  const old = cluster.primary;
  const isOther = primary !== old && baseline !== undefined;
  cluster.before = isOther ? { term: cluster.term, end: baseline } : undefined;
  cluster.term = election.term;
  cluster.primary = primary;
  cluster.joined = [];
  cluster.baseline = baseline;
  // Who lost it all is alone no more; the old one that comes back still is, until it is seen to share.
  if (election.lossy === true || primary !== old) cluster.alone = undefined;
  else if (cluster.alone !== undefined) Object.assign(cluster.alone, { told: undefined, sharedAt: undefined });
  cluster.election = undefined;
  if (primary !== old) cluster.lastEnd = undefined;
}

function askToBeFenced(work: Work, unit: Unit, { slot, life, node }: Seat, term: number): void {
  const { election } = unit.cluster ?? {};
  if (election?.fenced.some(({ incarnation }) => incarnation === life.incarnation)) return;
  if (node.command?.kind === 'fence') return;
  if (work.now < node.notBefore) {
    wakeBy(work, node.notBefore);
    return;
  }
  const id = give(
    work,
    { kind: 'FenceStandby', replica: slot.replica, incarnation: life.incarnation, term },
    {
      reason: `${unit.spec.name} changes its primary`,
      incident: slot.incident,
      deadlineMs: limits.clusterDeadlineMs,
    },
  );
  node.command = { id, kind: 'fence' };
}

/** A standby says that it is fenced, and where its log ends. */
export function foldFence(unit: Unit, seat: Omit<Seat, 'node'>, logEnd: number): void {
  const { cluster } = unit;
  const { slot, life } = seat;
  const node = nodeOf(life);
  node.follows = 0;
  if (cluster === undefined) return;
  const { election } = cluster;
  if (election === undefined) {
    if (cluster.before === undefined) return;
    if (logEnd <= cluster.before.end) node.fit = cluster.term;
    else node.astray = cluster.term;
    return;
  }
  const others = election.fenced.filter(({ incarnation }) => incarnation !== life.incarnation);
  election.fenced = [...others, { replica: slot.replica, incarnation: life.incarnation, logEnd }];
}

/** Who may have acknowledged and can be asked. A node that was never told to follow in this term has nothing to say in it. */
function votersOf(unit: Unit, cluster: Cluster): readonly Seat[] {
  return seatsOf(unit).filter(({ slot }) => slot.replica !== cluster.primary && isJoined(cluster, slot.replica));
}

function needOf(unit: Unit, cluster: Cluster): number {
  return fencesNeeded(cluster.joined.length, unit.spec.cluster?.acknowledgers ?? 1);
}

function refuseOnce(work: Work, unit: Unit, cluster: Cluster, text: string): void {
  if (cluster.refused === text) return;
  cluster.refused = text;
  tell(work, 'refused', text, { unit: unit.spec.name, replica: cluster.primary });
}
