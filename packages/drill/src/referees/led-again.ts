// A relay that nothing keeps from the primary leads there, soon: it runs, the wire carries, and the table names that primary. What it thought before
// (another primary, a wire that was silent) must not outlive that for long. And a primary
// that accepts writes is named before long, wherever the table can be written. Knows the truth.
import type { Incarnation, UnitName } from '@hale/model';
import type { RefereeMaker } from './referee.ts';

/** A look a second, an ask of two, and as long again. */
const soonMs = 6_000;

/** The control room may be dead, blind or held up, look at everything twice a minute, and weigh what it sees. */
const namedMs = 60_000;

export const refereeLedAgain: RefereeMaker = (court) => {
  const unnamedSince = new Map<UnitName, number>();
  const judgeTable = (unit: UnitName, names: boolean) => {
    const since = unnamedSince.get(unit) ?? court.now;
    if (names) unnamedSince.delete(unit);
    else unnamedSince.set(unit, since);
    if (names || court.now - since <= namedMs) return;
    court.blame('led-again', `the primary of ${unit} accepts writes, and the table does not name it`);
    unnamedSince.set(unit, Number.POSITIVE_INFINITY);
  };
  const owedSince = new Map<Incarnation, number>();
  return {
    name: 'led-again',
    database(fact) {
      if (fact.kind === 'table') judgeTable(fact.unit, fact.names);
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
