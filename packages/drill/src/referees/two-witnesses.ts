// INV-04 and the rule of two witnesses: a kill needs recent testimony of two independent witnesses, and silence of the
// observer is none. A dumb count over the last observation that was delivered.
import type { ReplicaObservation } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { isAstray } from './court.ts';
import type { Court, RefereeMaker } from './referee.ts';
import { createTerms } from './terms.ts';

const freshMs = 2_000;

export const refereeTwoWitnesses: RefereeMaker = (court) => {
  const killed = new Set<string>();
  const terms = createTerms();
  return {
    name: 'two-witnesses',
    command(command) {
      terms.note(command);
      if (command.kind !== 'StopReplica' || command.graceMs > 0 || killed.has(command.incarnation)) return;
      killed.add(command.incarnation);
      const told = court.seen.get(command.incarnation);
      if (court.isMoved(command.replica)) return;
      if (told === undefined) court.blame('two-witnesses', `${command.replica} was killed unseen`);
      // What a node's own badge says changes only by order: it cannot have recovered since.
      else if (isAstray(court, told.observation) || terms.isDeposed(told.observation)) return;
      else if (court.now - told.at > freshMs) court.blame('two-witnesses', `${command.replica} was killed on old news`);
      else if (witnesses(court, told.observation) < 2) {
        court.blame(
          'two-witnesses',
          `${command.replica} was killed on ${witnesses(court, told.observation)} witness(es)`,
        );
      }
    },
  };
};

function witnesses(court: Court, one: ReplicaObservation): number {
  if (one.process.kind === 'stopped') return 2;
  const beat = one.heartbeat;
  const heartbeat =
    beat.kind === 'beating' ? beat.stalledMs >= 1_000 : beat.kind === 'silent' && beat.silentMs >= 1_000;
  const kernel = (one.usage?.mainThreadStuckMs ?? 0) >= 1_000;
  const probe = one.ready.verdict === 'fail' || one.live.verdict === 'fail';
  const traffic = (one.traffic?.oldestWaitMs ?? 0) >= 1_000 && one.traffic?.requests === 0;
  return [heartbeat, kernel, probe, traffic, isDeaf(court, one)].filter(Boolean).length;
}

/** A primary from which no standby receives: they testify. */
function isDeaf(court: Court, one: ReplicaObservation): boolean {
  if (one.database?.role !== 'primary') return false;
  const { unit } = splitReplicaId(one.replica);
  const others = [...court.seen.values()].filter(({ observation }) => {
    const { database, replica } = observation;
    return splitReplicaId(replica).unit === unit && database?.role === 'standby';
  });
  return others.length > 0 && others.every(({ observation }) => observation.database?.streaming === false);
}
