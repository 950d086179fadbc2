// A replica says that it is kept from a part of its work: a relay that hears nothing from a node any more. It has waited for long enough before it
// said so. It is one witness, of its own wire: nobody is condemned on its word, neither it nor the one that it does not hear (INV-04).
import type { Detector } from './finding.ts';

export const detectCutOff: Detector = ({ life: { seen, stage } }) => {
  if (seen?.trouble === undefined || stage !== 'up') return undefined;
  return {
    cause: 'dependency-down',
    condemned: false,
    isTold: true,
    text: seen.trouble,
    evidence: [`${seen.replica}: ${seen.trouble}`],
  };
};
