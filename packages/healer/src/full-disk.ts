// What is done about a database's node whose disk is full and that nobody ended for it: a person is asked for room, once for all of its nodes. (Where
// others have room, the primary is condemned instead: detectors/full-disk.ts.) Nothing is deleted: whose the room is, Hale does not know.
import type { Finding } from './detectors/finding.ts';
import { file, reject } from './incidents.ts';
import type { Slot, Unit } from './state.ts';
import { about, give, tell, type Work } from './work.ts';

export function askForRoom(work: Work, unit: Unit, slot: Slot, { text, evidence }: Finding): void {
  const isKnown = work.brain.incidents.some(
    (one) => one.outcome === 'open' && one.cause === 'disk' && one.unit === unit.spec.name,
  );
  const title = `${slot.replica}: ${text}`;
  const incident = file(work, unit, slot, { cause: 'disk', title, evidence });
  if (slot.replica === unit.cluster?.primary) reject(work, slot, 'fail over', 'not every standby follows it with room');
  if (isKnown) return;
  tell(work, 'escalated', `${title}; a person is asked for room`, about(unit, slot));
  const detail = `${evidence.join('; ')}. Free some disk space there: df -h .`;
  give(work, { kind: 'PagePerson', title: `the disk of ${slot.replica} is full`, detail }, { reason: title, incident });
}
