// Memory over the declared limit in several observations in a row: a leak, or a limit set too low. It still serves, so the
// remedy is a planned replacement.
import { formatBytes } from '@hale/base';
import { limits } from '../limits.ts';
import type { Detector } from './finding.ts';

export const detectMemory: Detector = ({ unit, life }) => {
  if (unit.memoryBytesMax === undefined || life.stage !== 'up') return undefined;
  if (life.symptoms.overMemory < limits.overMemoryObservations) return undefined;
  const rss = formatBytes(life.seen?.usage?.rssBytes ?? 0);
  const max = formatBytes(unit.memoryBytesMax);
  return {
    cause: 'memory',
    condemned: false,
    text: `it uses ${rss} of memory, more than its ${max}`,
    evidence: [
      `kernel: ${rss} resident`,
      `declaration: at most ${max}, passed ${life.symptoms.overMemory} times in a row`,
    ],
  };
};
