// What a primary that takes over may lack, in words: never less than it is. Bytes of the log are counted from what was last seen of the old primary; what
// it acknowledged after that nobody here can know, so it is told for how long nobody looked.
import { formatBytes, formatDuration } from '@hale/base';
import { limits } from '../limits.ts';
import type { Cluster } from '../state.ts';
import type { Work } from '../work.ts';

/** How much of the old primary's log, as it was last seen, lies behind `logEnd`. */
export function missingOf(cluster: Cluster, logEnd: number): number {
  return Math.max(0, Math.max(cluster.lastEnd ?? 0, cluster.baseline ?? 0) - logEnd);
}

/** 'up to 1.3kB': rounded up, as it is a bound. */
export function boundOf(bytes: number): string {
  const steps = [
    [1e9, 1e7],
    [1e6, 1e5],
    [1e3, 1e2],
  ] as const;
  const [, step] = steps.find(([from]) => bytes >= from) ?? [0, 1];
  return formatBytes(Math.ceil(bytes / step) * step);
}

/** For how long nobody has looked at the old primary; what it said may have been said a moment before it was heard. */
export function unseenFor(work: Work, cluster: Cluster): string {
  const ms = work.now - (cluster.lastEndAt ?? 0) + limits.lookAgeMs;
  return formatDuration(Math.ceil(ms / 1_000) * 1_000);
}
