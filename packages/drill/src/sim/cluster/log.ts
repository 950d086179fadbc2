// A database's log, reduced to what a referee must tell apart: how long it is, and which lines it runs on. Whoever becomes the primary
// begins a line of its own (a timeline), so two logs of equal length are still known to be different. Pure arithmetic; a log is never
// changed in place.
import type { LogMark } from '../../referees/referee.ts';

export interface Log {
  /** Where each line begins, oldest first. */
  readonly branches: readonly Branch[];
  readonly end: number;
}

export interface Branch {
  readonly line: number;
  readonly from: number;
}

export const emptyLog: Log = { branches: [], end: 0 };

/** The same log with a new line, on which one record is written: that it begins. */
export function branchOff(log: Log, line: number): Log {
  return { branches: [...log.branches, { line, from: log.end }], end: log.end + 1 };
}

export function firstPart(log: Log, end: number): Log {
  if (end >= log.end) return log;
  return { branches: log.branches.filter((one) => one.from < end), end };
}

/** Whether `whole` holds all of `part`, and nothing else before its end. */
export function isBeginningOf(part: Log, whole: Log): boolean {
  const shared = part.branches.every(({ line, from }, place) => {
    const other = whole.branches[place];
    return other?.line === line && other.from === from;
  });
  const upTo = whole.branches[part.branches.length]?.from ?? whole.end;
  return shared && part.end <= upTo;
}

/** Whether what was written on that line, up to the mark, is in this log. */
export function holds(log: Log, mark: LogMark): boolean {
  const place = log.branches.findIndex(({ line }) => line === mark.line);
  return place >= 0 && mark.end <= (log.branches[place + 1]?.from ?? log.end);
}

/** How far it holds what was written on that line; undefined where it holds nothing of it. */
export function reachOf(log: Log, line: number): number | undefined {
  const place = log.branches.findIndex((one) => one.line === line);
  return place < 0 ? undefined : (log.branches[place + 1]?.from ?? log.end);
}

/** The line that it is written on now. */
export function lineOf(log: Log): number {
  return log.branches.at(-1)?.line ?? 0;
}
