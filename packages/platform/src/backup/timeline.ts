// The family tree of the log: each promotion begins a new timeline at a place of an older one. A history file is a timeline's list
// of ancestors, one a line: number, the place where it was left, why. A restore follows one branch from the backup to the tip.
import { formatLsn, type Lsn, parseLsn } from './wal-name.ts';

export interface Ancestor {
  readonly timeline: number;
  /** Where the next one begins: bytes from here on belong to it. */
  readonly until: Lsn;
}

/** A stretch of the log on one timeline; `until` undefined: to its end. */
export interface Stretch {
  readonly timeline: number;
  readonly from: Lsn;
  readonly until: Lsn | undefined;
}

/** Ancestors of a timeline, oldest first. Throws TypeError where the file is none. */
export function parseHistory(text: string): readonly Ancestor[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [timeline = '', until = ''] = line.split(/\s+/);
      if (!/^\d+$/.test(timeline)) throw new TypeError(`'${line}' is no line of a history file`);
      return { timeline: Number(timeline), until: parseLsn(until) };
    });
}

/**
 * The way from `from` on `start` to the end of `target`. Undefined: `target` does not descend from there (it forked off before
 * that place, or its history is unknown). `histories` holds a history for every timeline but the first.
 */
export function wayTo(
  target: number,
  histories: ReadonlyMap<number, readonly Ancestor[]>,
  start: { readonly timeline: number; readonly from: Lsn },
): readonly Stretch[] | undefined {
  if (target === start.timeline) return [{ ...start, until: undefined }];
  const ancestors = histories.get(target);
  const first = ancestors?.findIndex(({ timeline }) => timeline === start.timeline) ?? -1;
  if (ancestors === undefined || first < 0) return undefined;
  const way: Stretch[] = [];
  let from = start.from;
  for (const { timeline, until } of ancestors.slice(first)) {
    if (until < from) return undefined;
    way.push({ timeline, from, until });
    from = until;
  }
  return [...way, { timeline: target, from, until: undefined }];
}

/** The newest timeline that descends from `start`: the highest number, as PostgreSQL counts them. */
export function newestTimeline(
  histories: ReadonlyMap<number, readonly Ancestor[]>,
  start: { readonly timeline: number; readonly from: Lsn },
): number {
  const descending = [...histories.keys()].filter((timeline) => wayTo(timeline, histories, start) !== undefined);
  return Math.max(start.timeline, ...descending);
}

export function describeWay(way: readonly Stretch[]): string {
  return way
    .map(({ timeline, from, until }) => `${timeline}: ${formatLsn(from)}-${until ? formatLsn(until) : ''}`)
    .join(', ');
}
