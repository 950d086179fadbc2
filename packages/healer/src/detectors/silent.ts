// The heartbeat has fallen silent while the process exists. Silence is missing data: alone it only isolates (INV-04).
import { formatDuration } from '@hale/base';
import { limits } from '../limits.ts';
import { hasSettled } from '../lives.ts';
import type { Detector } from './finding.ts';
import { heard, heartbeatWitness, kernelWitness, probeWitness, trafficWitness } from './witnesses.ts';

export const detectSilent: Detector = (scene) => {
  const { unit, life } = scene;
  const beat = life.seen?.heartbeat;
  if (beat?.kind !== 'silent' || life.inspected || life.stage !== 'up') return undefined;
  if (beat.silentMs < limits.suspectAfterMs || life.symptoms.stopped !== undefined) return undefined;
  // The watcher is a thread like any other: where nobody gets a core, its silence says nothing.
  if (scene.hostBusy || !hasSettled(unit, life, beat.silentMs)) return undefined;
  const evidence = heard(heartbeatWitness(scene), kernelWitness(scene), trafficWitness(scene), probeWitness(scene));
  const patienceMs = Math.max(unit.hang.afterMs, 2 * life.longestPauseMs);
  return {
    cause: 'hang',
    condemned: beat.silentMs >= patienceMs && evidence.length >= 2 && !scene.observerLagged,
    text: `its heartbeat has been silent for ${formatDuration(beat.silentMs)}`,
    evidence,
  };
};
