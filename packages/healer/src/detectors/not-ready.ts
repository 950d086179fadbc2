// The readiness probe fails: the replica itself says "not now". It leaves the rotation; it is never condemned for it.
// While something it uses is down, that is the cause, and the replica is a victim.
import type { Detector } from './finding.ts';

export const detectNotReady: Detector = ({ life, observerSick, dependencyDown }) => {
  if (life.symptoms.notReady === undefined || life.stage !== 'up' || observerSick) return undefined;
  const reason = life.seen?.ready.reason ?? 'no reason given';
  const probe = `probe: readiness fails (${reason}), ${life.seen?.ready.failures ?? 0} times in a row`;
  if (dependencyDown !== undefined) {
    return {
      cause: 'dependency-down',
      condemned: false,
      text: `it is not ready, and ${dependencyDown}, which it uses, is down`,
      evidence: [probe, `model: ${dependencyDown} serves nobody now`],
    };
  }
  return {
    cause: 'not-ready',
    condemned: false,
    text: `its readiness probe fails (${reason})`,
    evidence: [probe, 'kernel: the process runs'],
  };
};
