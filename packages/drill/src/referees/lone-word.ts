// INV-04: a relay sees one wire. Because of what it says neither it is ended nor the node that it does not hear, in whatever manner. Whoever
// is while such a word stands must have shown something else, in truth or to the eye, or a person wished it. (Whether somebody may be promoted is
// for no-false-failover to judge.)
import type { Command, Incarnation, ReplicaId } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { isAstray, seemsToServe } from './court.ts';
import type { Court, RefereeMaker } from './referee.ts';
import { createTerms } from './terms.ts';

/** What is orderly is weighed for a while, and waits for its turn. */
const weighedMs = 90_000;
const wished = /orders a restart|changes it|it is drained|no longer wanted|shuts down|moves it to/;

export const refereeLoneWord: RefereeMaker = (court) => {
  const oddAt = new Map<Incarnation, number>();
  const reasons = new Map<ReplicaId, string>();
  const terms = createTerms();
  const isWished = (replica: ReplicaId) => {
    const { unit, ordinal } = splitReplicaId(replica);
    const isExtra = ordinal >= (court.wanted.get(unit) ?? 0) || court.drained.has(replica) || court.shutdown;
    return isExtra || court.isMoved(replica) || wished.test(reasons.get(replica) ?? '');
  };
  const isWell = ({ replica, incarnation }: Extract<Command, { kind: 'StopReplica' }>) => {
    const seen = court.seen.get(incarnation)?.observation;
    const truth = court.truth(incarnation);
    if (seen === undefined || truth?.serves !== true || isWished(replica)) return false;
    if (isAstray(court, seen) || terms.isDeposed(seen) || court.now - truth.lastIllAt <= weighedMs) return false;
    return court.now - (oddAt.get(incarnation) ?? Number.NEGATIVE_INFINITY) > weighedMs;
  };
  return {
    name: 'lone-word',
    event(event) {
      if (event.kind !== 'Observed') return;
      for (const one of event.observation.replicas)
        if (!seemsToServe(one) || one.live.verdict === 'fail') oddAt.set(one.incarnation, court.now);
    },
    command(command) {
      terms.note(command);
      if (command.kind === 'Tell' && command.note.kind === 'acted' && command.note.replica !== undefined)
        reasons.set(command.note.replica, command.note.text);
      if (command.kind !== 'StopReplica' || !isAccused(court, command) || !isWell(command)) return;
      court.blame('lone-word', `${command.replica} is stopped, and against it stands the word of a relay alone`);
    },
  };
};

/** It says that it hears somebody no more, or it is the one who is not heard. */
function isAccused(court: Court, { replica, incarnation }: { replica: ReplicaId; incarnation: Incarnation }): boolean {
  for (const { observation } of court.seen.values()) {
    const { trouble } = observation;
    if (trouble === undefined) continue;
    if (observation.incarnation === incarnation || trouble.split(/[\s,:]+/).includes(replica)) return true;
  }
  return false;
}
