// INV-06: what is said to be healed is healed. When 'verified' is told of a replica, the brain has been told that a life of it
// serves, and in truth one does, or did until a moment ago.
// A promotion is believed on the word of the hands, before anybody looks.
import type { CommandId, ReplicaId } from '@hale/model';
import { seemsToServe } from './court.ts';
import type { RefereeMaker } from './referee.ts';

const raceMs = 3_000;

export const refereeHonestClaims: RefereeMaker = (court) => {
  const asked = new Map<CommandId, ReplicaId>();
  let confirmed: ReplicaId | undefined;
  return {
    name: 'honest-claims',
    event(event) {
      const isDone = event.kind === 'CommandFinished' && event.result.kind === 'done';
      confirmed = isDone ? asked.get(event.command) : undefined;
    },
    command(command) {
      if (command.kind === 'PromoteStandby') asked.set(command.id, command.replica);
      if (command.kind !== 'Tell' || command.note.kind !== 'verified') return;
      const { replica, text } = command.note;
      if (replica === undefined) return;
      const lives = [...court.seen.values()].filter(({ observation }) => observation.replica === replica);
      const serving = lives.filter(({ observation }) => replica === confirmed || seemsToServe(observation));
      if (serving.length === 0) return court.blame('honest-claims', `"${text}", but no life of it was seen to serve`);
      const isTrue = serving.some(({ observation, at }) => {
        const truth = court.truth(observation.incarnation);
        return (
          truth === undefined || truth.serves || at >= truth.lastIllAt - raceMs || court.now - truth.lastIllAt < raceMs
        );
      });
      if (!isTrue) court.blame('honest-claims', `"${text}", but in truth none serves`);
    },
  };
};
