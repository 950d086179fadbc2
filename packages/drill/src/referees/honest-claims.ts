// INV-06: what is said to be healed is healed. When 'verified' is told of a replica, the brain has been told that a life of it
// serves, and in truth one does, or did until a moment ago.

import { seemsToServe } from './court.ts';
import type { RefereeMaker } from './referee.ts';

const raceMs = 3_000;

export const refereeHonestClaims: RefereeMaker = (court) => ({
  name: 'honest-claims',
  command(command) {
    if (command.kind !== 'Tell' || command.note.kind !== 'verified' || command.note.replica === undefined) return;
    const lives = [...court.seen.values()].filter(({ observation }) => observation.replica === command.note.replica);
    const serving = lives.filter(({ observation }) => seemsToServe(observation));
    if (serving.length === 0)
      return court.blame('honest-claims', `"${command.note.text}", but no life of it was seen to serve`);
    const true_ = serving.some(({ observation, at }) => {
      const truth = court.truth(observation.incarnation);
      return (
        truth === undefined || truth.serves || at >= truth.lastIllAt - raceMs || court.now - truth.lastIllAt < raceMs
      );
    });
    if (!true_) court.blame('honest-claims', `"${command.note.text}", but in truth none serves`);
  },
});
