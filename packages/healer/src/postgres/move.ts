// A move to another region: its node copies asynchronously and never acknowledges, so it may lack the last moments. Nobody decides that but a person
// (`hale failover db --region us`). Where the primary still runs it says goodbye first, which brings the node up to date; where the region is lost, what
// is missing is told, in bytes of the log as it was last seen.
//
//   asked ── the primary runs: it is asked to stop ──> lost ── the node is fenced, and who else can be reached ──> it is the primary: term + 1,
//                                                        └── 10 s, or it is gone: the old one again               alone until a standby has all (alone.ts)
import type { ReplicaId } from '@hale/model';
import { limits } from '../limits.ts';
import type { Cluster, Election, Unit } from '../state.ts';
import { tell, type Work, wakeBy } from '../work.ts';
import { isDistant, isFit, primarySlot, type Seat, seatsOf } from './cluster.ts';
import { boundOf, missingOf, unseenFor } from './lack.ts';
import { fencesNeeded } from './quorum.ts';

/** The node of `region`; undefined for the region where the standbys are, and for one that is not declared. */
export function nodeOfRegion(unit: Unit, region: string): ReplicaId | undefined {
  const distant = unit.spec.cluster?.regions?.distant ?? [];
  const place = distant.indexOf(region);
  return place < 0 ? undefined : unit.slots[unit.wanted - distant.length + place]?.replica;
}

/** Undefined: it can be asked. */
export function whyNotMove(unit: Unit, cluster: Cluster, region: string): string | undefined {
  const { name } = unit.spec;
  const { home, distant = [] } = unit.spec.cluster?.regions ?? {};
  if (home === undefined) return `${name} is in one region: declare regions: ['eu', 'us'] in hale.config.ts`;
  if (region !== home && !distant.includes(region))
    return `${name} is in no region '${region}'; there are: ${[home, ...distant].join(', ')}`;
  const target = nodeOfRegion(unit, region);
  if (target === undefined) return isDistant(unit, cluster.primary) ? undefined : `${name} is in ${home} already`;
  if (target === cluster.primary) return `${name} is in ${region} already`;
  const seat = seatsOf(unit).find(({ slot }) => slot.replica === target);
  return seat !== undefined && isFit(seat.life, cluster)
    ? undefined
    : `${target} of region ${region} has no copy to go on with`;
}

/** Begins when the primary is lost and a move was asked for. False: it was not, or its node cannot be asked any more. */
export function beginMove(work: Work, unit: Unit, cluster: Cluster): boolean {
  const target = cluster.moving;
  if (target === undefined) return false;
  if (!seatsOf(unit).some(({ slot }) => slot.replica === target)) {
    cluster.moving = undefined;
    tell(work, 'refused', `${unit.spec.name} is not moved: ${target} is gone`, {
      unit: unit.spec.name,
      replica: target,
    });
    return false;
  }
  cluster.open = undefined;
  cluster.refused = undefined;
  cluster.election = { term: cluster.term + 1, since: work.now, fenced: [] };
  tell(work, 'acted', `${unit.spec.name} moves to ${target} (term ${cluster.term + 1})`, {
    ...{ unit: unit.spec.name, replica: target, incident: primarySlot(unit, cluster)?.incident },
  });
  return true;
}

/** Whoever can be asked: the node that takes over, and standbys that may still acknowledge for the old primary. */
export function voicesOf(unit: Unit, cluster: Cluster): readonly Seat[] {
  return seatsOf(unit).filter(
    ({ slot }) =>
      slot.replica !== cluster.primary && (slot.replica === cluster.moving || cluster.joined.includes(slot.replica)),
  );
}

/** 'waits', 'failed', or where its log ends. */
export function judgeMove(work: Work, unit: Unit, cluster: Cluster, election: Election): 'waits' | 'failed' | number {
  const target = election.fenced.find(({ replica }) => replica === cluster.moving);
  const voices = voicesOf(unit, cluster);
  const isThere = voices.some(({ slot }) => slot.replica === cluster.moving);
  const isLate = work.now >= election.since + limits.electionMs;
  if (!isThere || (isLate && target === undefined)) return 'failed';
  const patience = election.since + limits.moveMs;
  if (target !== undefined && (election.fenced.length >= voices.length || work.now >= patience)) return target.logEnd;
  wakeBy(work, target === undefined ? election.since + limits.electionMs : patience);
  return 'waits';
}

/** What the node that takes over lacks, in words; undefined: nothing that was acknowledged. Asked before the new term begins. */
export function lacks(work: Work, unit: Unit, cluster: Cluster, election: Election): string | undefined {
  const target = election.fenced.find(({ replica }) => replica === cluster.moving)?.logEnd ?? 0;
  const others = election.fenced.filter(({ replica }) => replica !== cluster.moving);
  const needed = fencesNeeded(cluster.joined.length, unit.spec.cluster?.acknowledgers ?? 1);
  const missing = Math.max(missingOf(cluster, target), ...others.map(({ logEnd }) => logEnd - target));
  const bytes = `the last ${boundOf(missing)} that were seen`;
  // Every acknowledged commit is on one of so many.
  if (others.length >= needed && cluster.alone === undefined) return missing <= 0 ? undefined : bytes;
  return `${missing <= 0 ? 'nothing that was seen' : bytes}, and may lack what was acknowledged in the ${unseenFor(work, cluster)} since the old primary was looked at`;
}

/** It writes by itself until a standby has everything; what it lacks is told. */
export function tellMove(
  work: Work,
  { unit, cluster }: { readonly unit: Unit; readonly cluster: Cluster },
  missing: string | undefined,
): void {
  cluster.alone = { since: work.now, told: undefined, does: false, sharedAt: undefined };
  cluster.moving = undefined;
  const words = `it lacks ${missing ?? 'nothing that was acknowledged'}`;
  const subject = { unit: unit.spec.name, replica: cluster.primary };
  const alone = 'until a standby has everything it goes on alone, and what it acknowledges is on one node only';
  const text = `${cluster.primary} is the primary of term ${cluster.term}: ${words}; ${alone}`;
  tell(work, missing === undefined ? 'acted' : 'escalated', text, subject);
}
