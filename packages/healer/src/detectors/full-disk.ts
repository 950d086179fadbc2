// The disk is full. The victim says so with its last words, or its start fails for it; a restart does not help then, and a person is asked for room.
// A database that reuses the log that it has may live on, answer every question and refuse whatever grows, for hours: that is seen by looking at its
// disk. Where every standby has room, one of them takes over: the kernel speaks for the disk, the standbys for themselves. Else it is only told.
import { formatDuration } from '@hale/base';
import type { CauseKind } from '@hale/model';
import { limits } from '../limits.ts';
import type { Life } from '../state.ts';
import type { Detector } from './finding.ts';

const lineLengthMax = 200;

/** What the kernel says of such a disk. */
export const noRoomLine = 'kernel: there is no room for the next pieces of its log';

/** The first line of these last words that says so. */
export function fullDiskIn(words: string | undefined): string | undefined {
  const said = words?.split('\n').find((line) => /no space left on device|\bENOSPC\b|disk quota exceeded/i.test(line));
  return said?.trim().slice(0, lineLengthMax);
}

/** Why it could not be started, by the code of the failure. */
export function causeOfFailedStart(code: string): Extract<CauseKind, 'crash' | 'disk'> {
  return code.endsWith('_DISK_FULL') ? 'disk' : 'crash';
}

/** For how long its disk has been full; undefined: it is not, or was for a moment only. */
export function withoutRoomMs({ symptoms, seenAt }: Life): number | undefined {
  if (symptoms.noRoom === undefined) return undefined;
  const forMs = seenAt - symptoms.noRoom;
  return forMs < limits.fullDiskMs ? undefined : forMs;
}

/** A database runs, alone or as a node of a cluster, and has no room. */
export const detectFullDisk: Detector = (scene) => {
  const { life, observerLagged } = scene;
  const forMs = withoutRoomMs(life);
  if (forMs === undefined || life.stage !== 'up') return undefined;
  const copies = scene.copies();
  const mayMove = copies?.haveRoom === true;
  const others = mayMove ? `all ${copies.following} follow, and have room` : 'not all follow and have room';
  return {
    cause: 'disk',
    condemned: mayMove && !observerLagged,
    text: `its disk has been full for ${formatDuration(forMs)}`,
    evidence: [noRoomLine, ...(copies === undefined ? [] : [`standbys: ${others}`])],
  };
};
