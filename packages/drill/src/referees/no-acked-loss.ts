// INV-07: an acknowledged write is in the log of every later primary, a term has one primary only, and a deposed one acknowledges nothing
// that its successor lacks. Knows the truth: what clients were told, and what each primary's log held when it began.
import type { DatabaseFact, LogMark, RefereeMaker } from './referee.ts';

interface Books {
  /** Of each line of the log, up to where clients were told that it is safe. */
  readonly marks: Map<number, LogMark>;
  newest: Extract<DatabaseFact, { kind: 'primary' }> | undefined;
}

export const refereeNoAckedLoss: RefereeMaker = (court) => {
  const all = new Map<string, Books>();
  const blame = (what: string) => court.blame('no-acked-loss', what);
  return {
    name: 'no-acked-loss',
    database(fact) {
      const books: Books = all.get(fact.unit) ?? { marks: new Map(), newest: undefined };
      all.set(fact.unit, books);
      const { newest } = books;
      if (fact.kind === 'acknowledged') {
        books.marks.set(fact.mark.line, fact.mark);
        if (newest !== undefined && newest.term > fact.term && !newest.holds(fact.mark))
          blame(`${fact.replica} acknowledged in term ${fact.term} what ${newest.replica} of ${newest.term} lacks`);
        return;
      }
      const lost = [...books.marks.values()].filter((mark) => !fact.holds(mark));
      if (lost.length > 0) blame(`${fact.replica} begins term ${fact.term} without writes that were acknowledged`);
      if (newest?.term === fact.term && newest.replica !== fact.replica)
        blame(`term ${fact.term} has two primaries, ${newest.replica} and ${fact.replica}`);
      if (newest === undefined || fact.term >= newest.term) books.newest = fact;
    },
  };
};
