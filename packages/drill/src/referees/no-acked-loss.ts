// INV-07: an acknowledged write is in the log of every later primary, a term has one primary only, and a deposed one acknowledges nothing
// that its successor lacks. A loss is a breach unless it was told before that primary began, and then whatever goes beyond what was told: Hale may say
// too much, never too little. And nothing is acknowledged on one node's word alone while nobody was told so. Knows the truth: what clients were told, and
// what each primary's log held when it began.

import type { DatabaseFact, LogMark, RefereeMaker } from './referee.ts';
import { type Admission, readSaying } from './said.ts';

type Acknowledged = Extract<DatabaseFact, { kind: 'acknowledged' }>;
type Primary = Extract<DatabaseFact, { kind: 'primary' }>;

/** Of one line of the log: where it begins, up to where clients were told that it is safe, and when. */
interface Line {
  readonly from: number;
  mark: LogMark;
  steps: { readonly at: number; readonly end: number }[];
}

/** What was told last of what a primary may lack, and when. */
type Told = Admission & { readonly at: number };

interface Books {
  readonly lines: Map<number, Line>;
  newest: Primary | undefined;
  admission: Told | undefined;
  saidAlone: boolean;
}

/** Older steps than these are folded into one. */
const stepsMax = 4_000;

export const refereeNoAckedLoss: RefereeMaker = (court) => {
  const all = new Map<string, Books>();
  const blame = (what: string) => court.blame('no-acked-loss', what);
  const booksOf = (unit: string) => {
    const books: Books = all.get(unit) ?? {
      ...{ lines: new Map(), newest: undefined, admission: undefined, saidAlone: false },
    };
    all.set(unit, books);
    return books;
  };
  const acknowledged = (books: Books, fact: Acknowledged) => {
    const { newest } = books;
    note(books, fact, court.now);
    if (newest !== undefined && newest.term > fact.term && !newest.holds(fact.mark))
      blame(`${fact.replica} acknowledged in term ${fact.term} what ${newest.replica} of ${newest.term} lacks`);
    if (fact.alone && !books.saidAlone)
      blame(`${fact.replica} acknowledges alone, and nobody was told that it goes on alone`);
  };
  const begins = (books: Books, fact: Primary) => {
    const { newest, admission } = books;
    const told = admission?.term === fact.term ? admission : undefined;
    const missing = [...books.lines.values()].reduce((sum, line) => sum + missingOf(line, fact, told), 0);
    if (missing > (told?.bytes ?? 0)) {
      const said = told === undefined ? 'nothing was said of it' : `${told.bytes} and ${told.windowMs} ms were said`;
      blame(`${fact.replica} begins term ${fact.term} without ${missing} that were acknowledged: ${said}`);
    }
    if (newest?.term === fact.term && newest.replica !== fact.replica)
      blame(`term ${fact.term} has two primaries, ${newest.replica} and ${fact.replica}`);
    if (newest === undefined || fact.term >= newest.term) books.newest = fact;
    // What is gone was told, or blamed once.
    for (const [key, line] of books.lines) forget(books, key, line, fact.reach(key));
  };
  return {
    name: 'no-acked-loss',
    command(command) {
      if (command.kind !== 'Tell' || command.note.unit === undefined) return;
      const { alone, admission } = readSaying(command.note.text);
      const books = booksOf(command.note.unit);
      if (alone !== undefined) books.saidAlone = alone;
      if (admission !== undefined) books.admission = { ...admission, at: court.now };
    },
    database(fact) {
      const books = booksOf(fact.unit);
      if (fact.kind === 'acknowledged') acknowledged(books, fact);
      else if (fact.kind === 'primary') begins(books, fact);
    },
  };
};

function note(books: Books, { mark, from }: Acknowledged, at: number): void {
  const line: Line = books.lines.get(mark.line) ?? { from, mark, steps: [] };
  books.lines.set(mark.line, line);
  line.mark = mark;
  line.steps.push({ at, end: mark.end });
  if (line.steps.length > stepsMax) line.steps.splice(0, stepsMax / 2, line.steps[stepsMax / 2 - 1]!);
}

/** How much of it was acknowledged and is not in the log of that primary, without what was told to be in doubt: the time before the telling. */
function missingOf(line: Line, primary: Primary, told: Told | undefined): number {
  const { from, mark } = line;
  const held = primary.reach(mark.line) ?? from;
  if (told === undefined) return Math.max(0, mark.end - held);
  const before = Math.max(0, endAt(line, told.at - told.windowMs) - held);
  return before + Math.max(0, mark.end - Math.max(held, endAt(line, told.at)));
}

function endAt({ from, steps }: Line, time: number): number {
  return steps.findLast(({ at }) => at <= time)?.end ?? from;
}

function forget(books: Books, key: number, line: Line, reach: number | undefined): void {
  if (reach === undefined) books.lines.delete(key);
  else if (reach < line.mark.end) {
    line.mark = { line: key, end: reach };
    line.steps = line.steps.filter(({ end }) => end <= reach);
  }
}
