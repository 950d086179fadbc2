// A relay that nothing keeps from the primary leads there, soon: it runs, the wire carries, and the table names that primary. What it thought before
// (another primary, a wire that was silent) must not outlive that for long. Knows the truth.
import type { Incarnation } from '@hale/model';
import type { RefereeMaker } from './referee.ts';

/** A look a second, an ask of two, and as long again. */
const soonMs = 6_000;

export const refereeLedAgain: RefereeMaker = (court) => {
  const owedSince = new Map<Incarnation, number>();
  return {
    name: 'led-again',
    database(fact) {
      if (fact.kind !== 'relay') return;
      const { incarnation, relay, unit, isOpen, leads } = fact;
      if (!isOpen || leads) return void owedSince.delete(incarnation);
      const since = owedSince.get(incarnation) ?? court.now;
      owedSince.set(incarnation, since);
      if (court.now - since <= soonMs) return;
      court.blame('led-again', `nothing keeps ${relay} from the primary of ${unit}, and it leads nobody there`);
      // Once for each time.
      owedSince.set(incarnation, Number.POSITIVE_INFINITY);
    },
  };
};
