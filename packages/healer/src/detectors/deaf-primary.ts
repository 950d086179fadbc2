// The primary of a database answers nobody: not our questions, and none of the standbys that were receiving from it. Two witnesses
// who see it from different sides. A standby alone says little: it may be the one that is cut off. On a busy host both are given much longer, and not
// for ever: a machine that always has too much to do must not keep a primary that nobody can reach.
import { formatDuration } from '@hale/base';
import { limits } from '../limits.ts';
import type { Detector } from './finding.ts';
import { heard, probeWitness } from './witnesses.ts';

export const detectDeafPrimary: Detector = (scene) => {
  const { unit, life } = scene;
  const since = life.symptoms.notReady;
  if (since === undefined || life.stage !== 'up' || scene.observerSick) return undefined;
  const copies = scene.copies();
  if (copies === undefined) return undefined;
  const silent = copies.following > 0 && copies.receiving === 0;
  const testimony = silent ? `standbys: none of ${copies.following} receives from it any more` : undefined;
  const forMs = life.seenAt - since;
  const hostBusy = scene.hostBusy && forMs < limits.deafOnBusyHostMs;
  const evidence = heard(probeWitness({ ...scene, hostBusy }), testimony);
  if (evidence.length === 0) return undefined;
  return {
    cause: 'not-live',
    condemned: evidence.length >= 2 && forMs >= unit.hang.afterMs && !scene.observerLagged,
    text: `it has answered nobody for ${formatDuration(forMs)}`,
    evidence,
  };
};
