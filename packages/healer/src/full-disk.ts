// What is done about a database's node whose disk is full and that nobody ended for it: a person is asked for room, once for all of its nodes. (Where
// others have room, the primary is condemned instead: detectors/full-disk.ts.) Nothing is deleted: whose the room is, Hale does not know. A database
// that is alone is neither moved nor replaced for it, and once a restart has not helped it is held: a new process finds the same disk.
import type { Finding } from './detectors/finding.ts';
import { withoutRoomMs } from './detectors/full-disk.ts';
import { holding } from './holds.ts';
import { addRemedy, file, findIncident, reject } from './incidents.ts';
import type { Life, Slot, Unit } from './state.ts';
import { about, give, tell, type Work } from './work.ts';

const asking = 'ask a person for room';
const tries: readonly string[] = ['restart', 'slow try while held'];

export function askForRoom(work: Work, unit: Unit, slot: Slot, { text, evidence }: Finding): void {
  const isKnown = work.brain.incidents.some(
    (one) =>
      one.outcome === 'open' &&
      one.cause === 'disk' &&
      one.unit === unit.spec.name &&
      one.remedies.some(({ remedy }) => remedy === asking || remedy === holding),
  );
  const title = `${slot.replica}: ${text}`;
  const incident = file(work, unit, slot, { cause: 'disk', title, evidence });
  if (slot.replica === unit.cluster?.primary) reject(work, slot, 'fail over', 'not every standby follows it with room');
  if (unit.cluster === undefined) reject(work, slot, 'restart', 'a restart makes no room');
  if (isKnown) return;
  addRemedy(work, slot, asking);
  tell(work, 'escalated', `${title}; a person is asked for room`, about(unit, slot));
  const detail = `${evidence.join('; ')}. Free some disk space there: df -h .`;
  give(work, { kind: 'PagePerson', title: `the disk of ${slot.replica} is full`, detail }, { reason: title, incident });
}

/** A restart was tried for this very disk, and ended for it. A cluster's node keeps its three tries: as what it is started changes between them. */
export function isFullAgain(work: Work, unit: Unit, slot: Slot): boolean {
  if (unit.cluster !== undefined || slot.incident === undefined) return false;
  const incident = findIncident(work, slot.incident);
  if (incident?.cause !== 'disk') return false;
  return incident.remedies.some(({ target, remedy }) => target === slot.replica && tries.includes(remedy));
}

/** It serves, as a database whose log has pieces left may; its incident is not over while its disk is full (INV-06). */
export function isStillFull(work: Work, slot: Slot, life: Life): boolean {
  const incident = slot.incident === undefined ? undefined : findIncident(work, slot.incident);
  return incident?.cause === 'disk' && life.symptoms.noRoom !== undefined;
}

/** Whose disk is full, for a person; undefined where nobody's is. */
export function fullDiskOf(unit: Unit): string | undefined {
  const full = unit.slots.filter(({ lives }) => lives.some((life) => withoutRoomMs(life) !== undefined));
  return full.length === 0 ? undefined : `the disk of ${full.map(({ replica }) => replica).join(', ')} is full`;
}
