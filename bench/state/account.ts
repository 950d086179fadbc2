// The bookkeeper of a ledger: what clients were told, held against what the database has. It asks no server and reads no clock,
// so that a table of cases tries it. Three words matter: acknowledged (the client was told "committed"), in doubt (it was told
// nothing, or something that is no promise) and lost (acknowledged, and not there afterwards).

/** One write that was sent. Times are milliseconds of one monotonic clock. */
export interface Entry {
  readonly id: number;
  readonly sentMs: number;
  /** Refused: the server said that nothing was written. */
  readonly end: 'acknowledged' | 'in-doubt' | 'refused';
  readonly endMs: number;
}

/** A stroke takes a moment: from the first signal sent to the last process gone. */
export interface Stroke {
  readonly fromMs: number;
  readonly goneMs: number;
}

export interface Account {
  readonly acknowledged: number;
  readonly lost: readonly number[];
  readonly inDoubt: number;
  /** Of those in doubt: they were committed after all. */
  readonly inDoubtThere: number;
  readonly refused: number;
  /** In the database, and never sent: the ledger itself is wrong. */
  readonly strangers: readonly number[];
}

export function accountFor(entries: readonly Entry[], rows: ReadonlySet<number>): Account {
  const of = (end: Entry['end']) => entries.filter((entry) => entry.end === end);
  const sent = new Set(entries.map(({ id }) => id));
  const inDoubt = of('in-doubt');
  return {
    acknowledged: of('acknowledged').length,
    lost: of('acknowledged').flatMap(({ id }) => (rows.has(id) ? [] : [id])),
    inDoubt: inDoubt.length,
    inDoubtThere: inDoubt.filter(({ id }) => rows.has(id)).length,
    refused: of('refused').length,
    strangers: [...rows].filter((id) => !sent.has(id)),
  };
}

/** From the first signal to the first acknowledgement of a write that was sent when the old one was wholly gone. */
export function firstWriteMs(entries: readonly Entry[], stroke: Stroke): number | undefined {
  const ends = entries.flatMap(({ end, sentMs, endMs }) =>
    end === 'acknowledged' && sentMs >= stroke.goneMs ? [endMs] : [],
  );
  return ends.length === 0 ? undefined : Math.min(...ends) - stroke.fromMs;
}

export interface Spread {
  readonly n: number;
  readonly median: number;
  /** 'p99' with five hundred trials or more; fewer cannot know it, and give the slowest. */
  readonly tailName: 'p99' | 'max';
  readonly tail: number;
}

/** Throws TypeError without a single value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [middle, last] = [sorted[(sorted.length - 1) >> 1], sorted.at(-1)];
  if (middle === undefined || last === undefined) throw new TypeError('no trial came to an end');
  const median = sorted.length % 2 === 1 ? middle : (middle + (sorted[sorted.length >> 1] ?? middle)) / 2;
  const manyEnough = sorted.length >= 500;
  const tail = manyEnough ? (sorted[Math.ceil(sorted.length * 0.99) - 1] ?? last) : last;
  return { n: sorted.length, median, tailName: manyEnough ? 'p99' : 'max', tail };
}
