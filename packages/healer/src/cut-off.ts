// What is done about replicas that are kept from their work by what lies outside of them: an incident, and once none of their unit is left who is not, a
// person is called, once. A new process would find the same wire, so nobody is replaced.
import type { Finding } from './detectors/finding.ts';
import { addRemedy, file, findIncident, mark, reject } from './incidents.ts';
import { isActive, wants } from './lives.ts';
import type { Slot, Unit } from './state.ts';
import { about, give, tell, type Work } from './work.ts';

const asking = 'ask a person about the network';

export function noteCutOff(work: Work, unit: Unit, slot: Slot, { cause, text, evidence }: Finding): void {
  const title = `${slot.replica}: ${text}`;
  const incident = file(work, unit, slot, { cause, title, evidence: [...evidence, `kernel: ${slot.replica} runs`] });
  mark(work, slot.incident, 'suspectedAt');
  reject(work, slot, 'replace', 'the cause is what it uses');
  if (!isCutOff(unit)) return;
  const known = findIncident(work, incident)?.remedies ?? [];
  if (known.some(({ remedy }) => remedy === asking)) return;
  addRemedy(work, slot, asking);
  tell(work, 'escalated', `all of ${unit.spec.name}: ${text}; a person is asked`, about(unit, slot));
  const detail = `${evidence.join('; ')}. What others see: hale ps`;
  give(work, { kind: 'PagePerson', title: `all of ${unit.spec.name}: ${text}`, detail }, { reason: title, incident });
}

/** Nobody of the unit is left who says nothing of the kind. */
function isCutOff(unit: Unit): boolean {
  const wanted = unit.slots.filter((slot) => wants(slot, unit));
  return wanted.every(({ lives }) => lives.filter(isActive).every(({ seen }) => seen?.trouble !== undefined));
}
