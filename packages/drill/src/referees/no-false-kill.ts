// A healthy process is never killed: no SIGKILL without grace for one with which nothing has been the matter lately. Knows the truth.
// A primary that was lost indeed, and came back while its standbys were being fenced, is started anew where none of them could take over: they
// do not acknowledge for its term any more. That is known only when the election ends.
import type { Incarnation, ReplicaId } from '@hale/model';
import type { RefereeMaker } from './referee.ts';

const raceMs = 6_000;
/** An election ends within ten seconds, and a control room may change in it. */
const electionMs = 15_000;

export const refereeNoFalseKill: RefereeMaker = (court) => {
  /** Primaries that were ill indeed when another was begun to be chosen. */
  const lost = new Map<Incarnation, number>();
  const isIll = (incarnation: Incarnation): boolean => {
    const truth = court.truth(incarnation);
    return truth === undefined || !truth.exists || !truth.serves || court.now - truth.lastIllAt < raceMs;
  };
  const noteLost = (replica: ReplicaId): void => {
    for (const [incarnation, { observation }] of court.seen)
      if (observation.replica === replica && isIll(incarnation)) lost.set(incarnation, court.now);
  };
  return {
    name: 'no-false-kill',
    command(command) {
      if (command.kind === 'Tell' && command.note.replica !== undefined && / is lost: /.test(command.note.text))
        noteLost(command.note.replica);
      if (command.kind !== 'StopReplica' || command.graceMs > 0) return;
      if (court.isMoved(command.replica) || isIll(command.incarnation)) return;
      if (court.now - (lost.get(command.incarnation) ?? Number.NEGATIVE_INFINITY) < electionMs) return;
      court.blame('no-false-kill', `${command.replica} was killed although nothing was the matter with it`);
    },
  };
};
