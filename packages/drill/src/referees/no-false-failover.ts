// Nobody is promoted while the primary is well: it had ended, was ill in truth, or was stopped because a person wanted so. A primary that
// Hale itself took away is judged at the moment it was taken: two witnesses may lie together, the truth does not. Knows the truth.
import type { Command, Incarnation } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import type { DatabaseFact, RefereeMaker } from './referee.ts';

const raceMs = 6_000;
/** An orderly replacement of one that is not ready is weighed for a while, and waits for its turn. */
const weighedMs = 90_000;
const wished = /orders a restart|changes it|it is drained|no longer wanted|shuts down|moves it to/;

export const refereeNoFalseFailover: RefereeMaker = (court) => {
  const primaries = new Map<string, Extract<DatabaseFact, { kind: 'primary' }>>();
  const judged = new Map<Incarnation, boolean>();
  const reasons = new Map<string, string>();
  const isWell = (incarnation: Incarnation, withinMs: number) => {
    const truth = court.truth(incarnation);
    return truth?.exists === true && court.now - truth.lastIllAt > withinMs;
  };
  const taken = (command: Extract<Command, { kind: 'StopReplica' }>) => {
    const { replica, incarnation, graceMs } = command;
    if (judged.has(incarnation)) return;
    const isMoved = court.isMoved(replica);
    const isWished = isMoved || (graceMs > 0 && (court.shutdown || wished.test(reasons.get(replica) ?? '')));
    judged.set(incarnation, !isWished && isWell(incarnation, graceMs > 0 ? weighedMs : raceMs));
  };
  return {
    name: 'no-false-failover',
    database(fact) {
      if (fact.kind === 'primary') primaries.set(fact.unit, fact);
    },
    command(command) {
      if (command.kind === 'Tell' && command.note.kind === 'acted' && command.note.replica !== undefined)
        reasons.set(command.note.replica, command.note.text);
      if (command.kind === 'StopReplica') taken(command);
      if (command.kind !== 'PromoteStandby') return;
      const before = primaries.get(splitReplicaId(command.replica).unit);
      if (before === undefined || before.replica === command.replica || before.term >= command.term) return;
      const wasWell = judged.get(before.incarnation) ?? isWell(before.incarnation, raceMs);
      if (wasWell)
        court.blame('no-false-failover', `${command.replica} is promoted although ${before.replica} was well`);
    },
  };
};
