// Whom a relay leads to a primary of a term finds one: a node that was the primary in that very term, and that holds whatever this client was told
// is safe by an earlier primary, or by itself. A relay that hears late may lead to one that was deposed, never to one that nobody promoted. Where a
// database may go on alone, or move away, something may be missing that was told to be; there no-acked-loss keeps the books. Knows the truth.
import type { RefereeMaker } from './referee.ts';

export const refereeLedAstray: RefereeMaker = (court) => {
  const primaries = new Set<string>();
  const isStrict = (unit: string) => {
    const cluster = court.specs.get(unit)?.cluster;
    return cluster?.mayGoAlone !== true && cluster?.regions === undefined;
  };
  return {
    name: 'led-astray',
    database(fact) {
      if (fact.kind === 'primary') primaries.add(`${fact.replica} ${fact.term}`);
      if (fact.kind !== 'led') return;
      const { relay, replica, term, lacks, unit } = fact;
      if (!primaries.has(`${replica} ${term}`))
        court.blame('led-astray', `${relay} leads to ${replica}, which was never the primary of term ${term}`);
      if (lacks !== undefined && isStrict(unit))
        court.blame(
          'led-astray',
          `${relay} leads to ${replica} of ${term}, which lacks what its client was told is safe`,
        );
    },
  };
};
