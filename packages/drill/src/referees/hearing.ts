// What is told is heard: whatever the control room was told of a life stands in the journal before anything that came later, unless a
// newer word on the same life took its place. Between the eye and the brain there is a letter box in which observations melt when many
// wait; a word that is lost in it goes unheard until the next full look, up to thirty seconds later.
// That control itself was late is said before everything that waits, and so out of turn.
import type { Incarnation, ReplicaObservation } from '@hale/model';
import type { RefereeMaker } from './referee.ts';

export const refereeHearing: RefereeMaker = (court) => {
  const waiting = new Map<Incarnation, { readonly word: ReplicaObservation; readonly at: number }>();
  let toldAt = Number.NEGATIVE_INFINITY;
  const hear = ({ incarnation, process }: ReplicaObservation, at: number) => {
    const told = waiting.get(incarnation);
    if (told !== undefined && told.at <= at && told.word.process.kind === process.kind) waiting.delete(incarnation);
  };
  return {
    name: 'hearing',
    told({ full, replicas }) {
      // Whom a full look does not name is gone: that is a word on it too, and none that waits to be said.
      if (full) waiting.clear();
      for (const word of replicas) waiting.set(word.incarnation, { word, at: court.now });
      toldAt = court.now;
    },
    event(event) {
      const at = event.at.mono;
      if (event.kind === 'Observed') for (const one of event.observation.replicas) hear(one, at);
      if (event.kind === 'Observed' || event.kind === 'ObserverLagged' || at <= toldAt) return;
      for (const { replica, process } of [...waiting.values()].map(({ word }) => word))
        court.blame('hearing', `${replica} was told of (${process.kind}), and nobody heard it`);
      waiting.clear();
    },
    relieved: () => waiting.clear(),
  };
};
