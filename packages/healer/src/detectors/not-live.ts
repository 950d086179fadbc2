// The liveness probe fails. One witness, never enough: the second must come from the kernel, the heartbeat or the traffic.
import type { Detector } from './finding.ts';
import { heard, heartbeatWitness, kernelWitness, probeWitness, trafficWitness } from './witnesses.ts';

export const detectNotLive: Detector = (scene) => {
  const { unit, life } = scene;
  const since = life.symptoms.notLive;
  if (since === undefined || life.stage !== 'up' || life.inspected || scene.observerSick) return undefined;
  const evidence = heard(probeWitness(scene), kernelWitness(scene), heartbeatWitness(scene), trafficWitness(scene));
  // Nobody may testify now (a busy host, a dependency that is down): then there is nothing to say.
  if (evidence.length === 0) return undefined;
  const longEnough = life.seenAt - since >= unit.hang.afterMs;
  return {
    cause: 'not-live',
    condemned: evidence.length >= 2 && longEnough && !scene.observerLagged,
    text: `its liveness probe fails (${life.seen?.live.reason ?? 'no reason given'})`,
    evidence,
  };
};
