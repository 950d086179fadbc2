// A healthy process is never killed: no SIGKILL without grace for one with which nothing has been the matter lately. Knows the truth.
import type { RefereeMaker } from './referee.ts';

const raceMs = 6_000;

export const refereeNoFalseKill: RefereeMaker = (court) => ({
  name: 'no-false-kill',
  command(command) {
    if (command.kind !== 'StopReplica' || command.graceMs > 0) return;
    if (court.isMoved(command.replica)) return;
    const truth = court.truth(command.incarnation);
    if (truth === undefined || !truth.exists || !truth.serves || court.now - truth.lastIllAt < raceMs) return;
    court.blame('no-false-kill', `${command.replica} was killed although nothing was the matter with it`);
  },
});
