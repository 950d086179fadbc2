// INV-04 and the rule of two witnesses: a kill needs recent testimony of two independent witnesses, and silence of the
// observer is none. A dumb count over the last observation that was delivered.
import type { ReplicaObservation } from '@hale/model';
import type { RefereeMaker } from './referee.ts';

const freshMs = 2_000;

export const refereeTwoWitnesses: RefereeMaker = (court) => {
  const killed = new Set<string>();
  return {
    name: 'two-witnesses',
    command(command) {
      if (command.kind !== 'StopReplica' || command.graceMs > 0 || killed.has(command.incarnation)) return;
      killed.add(command.incarnation);
      const told = court.seen.get(command.incarnation);
      if (told === undefined) court.blame('two-witnesses', `${command.replica} was killed unseen`);
      else if (court.now - told.at > freshMs) court.blame('two-witnesses', `${command.replica} was killed on old news`);
      else if (witnesses(told.observation) < 2) {
        court.blame('two-witnesses', `${command.replica} was killed on ${witnesses(told.observation)} witness(es)`);
      }
    },
  };
};

function witnesses(one: ReplicaObservation): number {
  if (one.process.kind === 'stopped') return 2;
  const beat = one.heartbeat;
  const heartbeat =
    beat.kind === 'beating' ? beat.stalledMs >= 1_000 : beat.kind === 'silent' && beat.silentMs >= 1_000;
  const kernel = (one.usage?.mainThreadStuckMs ?? 0) >= 1_000;
  const probe = one.ready.verdict === 'fail' || one.live.verdict === 'fail';
  const traffic = (one.traffic?.oldestWaitMs ?? 0) >= 1_000 && one.traffic?.requests === 0;
  return [heartbeat, kernel, probe, traffic].filter(Boolean).length;
}
