// The main loop does not turn although the process lives: while(true), a regular expression gone wild, a native call.
// The in-process watcher says so; it is suspected early, and condemned once a second witness agrees.
import { formatDuration } from '@hale/base';
import { limits } from '../limits.ts';
import { hasSettled } from '../lives.ts';
import type { Detector } from './finding.ts';
import { heard, heartbeatWitness, kernelWitness, probeWitness, trafficWitness } from './witnesses.ts';

export const detectBlockedLoop: Detector = (scene) => {
  const { unit, life } = scene;
  const beat = life.seen?.heartbeat;
  if (beat?.kind !== 'beating' || beat.inspected || life.stage !== 'up') return undefined;
  const lateMs = Math.max(beat.stalledMs, beat.lateMs ?? 0);
  // By the clock it is late, and it has really used half of that time: on a shared core that is soon enough for a suspicion.
  if (lateMs < limits.suspectAfterMs || 2 * beat.stalledMs < limits.suspectAfterMs) return undefined;
  if (!hasSettled(unit, life, lateMs)) return undefined;
  const evidence = heard(heartbeatWitness(scene), kernelWitness(scene), trafficWitness(scene), probeWitness(scene));
  const patienceMs = Math.max(unit.hang.afterMs, 2 * life.longestPauseMs);
  return {
    cause: 'blocked-loop',
    condemned: beat.stalledMs >= patienceMs && evidence.length >= 2 && !scene.observerLagged,
    text: `its main loop has been blocked for ${formatDuration(lateMs)}`,
    evidence,
  };
};
