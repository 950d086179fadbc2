// The data folder of a cluster's node was taken away under it (a hand, a disk that was unmounted). It goes on answering from what it has open and fails
// everybody whose tables it has not; PostgreSQL itself notices within a minute. Where others hold its data it is ended at once, and copied anew. A node
// that is the only one with them is left alone: what it still has open is all that there is. Its probe says what is the matter.
import { formatDuration } from '@hale/base';
import { limits } from '../limits.ts';
import type { Detector } from './finding.ts';

export const detectLostData: Detector = ({ life, othersWithData, observerLagged }) => {
  const since = life.symptoms.dataGone;
  if (since === undefined || life.stage !== 'up' || observerLagged) return undefined;
  const forMs = life.seenAt - since;
  if (forMs < limits.dataGoneMs) return undefined;
  const others = othersWithData();
  if (others === 0) return undefined;
  return {
    cause: 'disk',
    condemned: true,
    text: `its data folder has been gone for ${formatDuration(forMs)}`,
    evidence: [
      'kernel: PG_VERSION and global/pg_control are not there',
      `kernel: ${others} other ${others === 1 ? 'node has' : 'nodes have'} its data`,
    ],
  };
};
