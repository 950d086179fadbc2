// A start that takes longer than the declaration allows. Judged at an observation that still says "not started",
// never by silence (INV-04). The same for a new life that started but never became ready.
import { formatDuration } from '@hale/base';
import { limits } from '../limits.ts';
import type { Detector } from './finding.ts';

export const detectSlowStart: Detector = ({ unit, life, observerLagged, observerSick }) => {
  if (life.stage !== 'starting' || life.seen === undefined || observerLagged || observerSick) return undefined;
  const tookMs = life.seenAt - Math.max(life.startedAt, life.orderedAt);
  if (tookMs <= unit.probes.startup.withinMs) return undefined;
  const reason = life.seen.startup.reason ?? 'its startup probe has not passed';
  return {
    cause: 'slow-start',
    condemned: true,
    text: `it has not started within ${formatDuration(unit.probes.startup.withinMs)} (${reason})`,
    evidence: [`probe: ${reason}`, `clock: started ${formatDuration(tookMs)} ago`],
  };
};

/** True when a life that replaces another has been up without becoming ready for too long. */
export function isNeverReady(life: { upAt: number | undefined; readyAt: number | undefined; seenAt: number }): boolean {
  return life.upAt !== undefined && life.readyAt === undefined && life.seenAt - life.upAt > limits.readyWithinMs;
}
