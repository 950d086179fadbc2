// Where the clerk sits down next: on the timeline that it was writing, as long as the server's own line leads through it; else at the
// beginning of the segment in which the server's line left it. What lies beyond a fork stays where it is: it was written by a
// server that lost, and hurts nobody.
import { parseHistory } from './timeline.ts';
import { type Lsn, segmentNumber, segmentStart } from './wal-name.ts';

export interface Place {
  readonly timeline: number;
  readonly at: Lsn;
}

/** `history`: of the server's timeline. A timeline that the server never was on is left for the server's. */
export function nextPlace(mine: Place, serverTimeline: number, history: string, segmentBytes: number): Place {
  if (mine.timeline === serverTimeline) return mine;
  const ancestors = parseHistory(history);
  const here = ancestors.findIndex(({ timeline }) => timeline === mine.timeline);
  const fork = ancestors[here];
  if (fork !== undefined && mine.at < fork.until) return mine;
  const next = (here < 0 ? undefined : ancestors[here + 1]?.timeline) ?? serverTimeline;
  const from = fork?.until ?? ancestors.at(-1)?.until ?? mine.at;
  return { timeline: next, at: segmentStart(segmentNumber(from, segmentBytes), segmentBytes) };
}
