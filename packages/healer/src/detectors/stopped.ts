// The process is stopped (SIGSTOP, or a debugger's grip): it stands with its eyes open and does nothing. The kernel's word
// counts twice. Time is measured between observations, never by waiting for one (INV-04).
import { formatDuration } from '@hale/base';
import type { Detector } from './finding.ts';

export const detectStopped: Detector = ({ unit, life, observerLagged }) => {
  const since = life.symptoms.stopped;
  if (since === undefined || life.stage !== 'up' || life.inspected) return undefined;
  // After a lag of our own it is counted from then: later than what was seen last.
  const forMs = Math.max(0, life.seenAt - since);
  return {
    cause: 'hang',
    condemned: forMs >= unit.hang.afterMs && !observerLagged,
    text: forMs === 0 ? 'its process is stopped' : `its process has been stopped for ${formatDuration(forMs)}`,
    evidence: ['kernel: the process is stopped', 'kernel: none of its threads is scheduled'],
  };
};
