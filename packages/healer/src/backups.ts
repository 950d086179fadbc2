// The backups' sick list: what the detector finds becomes an incident of the backup unit, one for each database and cause. A person is
// called once; nothing is touched, because the one that takes backups goes on trying by itself. It ends when the symptom is gone, as its
// process says after a look into the store; silence ends nothing (INV-06).
import type { BackupObservation } from '@hale/model';
import { type BackupFinding, findBackupTroubles } from './detectors/backups.ts';
import { amend, closeIncident, findIncident, openIncident, sameLine } from './incidents.ts';
import { isActive } from './lives.ts';
import type { BackupTrouble, Unit } from './state.ts';
import { give, tell, type Work } from './work.ts';

/** What the unit says of each database; undefined while it says nothing. */
export function backupsOf(unit: Unit): readonly BackupObservation[] | undefined {
  for (const slot of unit.slots)
    for (const life of slot.lives) if (isActive(life) && life.seen?.backups !== undefined) return life.seen.backups;
  return undefined;
}

/** Opens, amends and closes the incidents of backups. */
export function examineBackups(work: Work): void {
  for (const unit of work.brain.units) {
    if (unit.spec.role !== 'backup') continue;
    const told = backupsOf(unit);
    if (told === undefined) continue;
    const before = unit.backups ?? [];
    unit.backups = told.flatMap((seen) => examine(work, unit, seen));
    for (const { incident, database } of before)
      if (!told.some((seen) => seen.database === database)) closeIncident(work, incident, 'inconclusive');
  }
}

/** The titles of what is open, for a person. */
export function troubleOf(unit: Unit): string | undefined {
  return unit.backups === undefined || unit.backups.length === 0
    ? undefined
    : unit.backups.map(({ title }) => title).join('; ');
}

/** Nothing more will be heard of it: the unit is gone. */
export function forgetBackups(work: Work, unit: Unit): void {
  for (const { incident } of unit.backups ?? []) closeIncident(work, incident, 'inconclusive');
  unit.backups = undefined;
}

function examine(work: Work, unit: Unit, seen: BackupObservation): readonly BackupTrouble[] {
  const findings = findBackupTroubles(seen, work.at.wall);
  const before = (unit.backups ?? []).filter(({ database }) => database === seen.database);
  const open = findings.map((finding) => {
    const known = before.find(({ cause }) => cause === finding.cause);
    return known === undefined ? begin(work, unit, seen.database, finding) : update(work, known, finding);
  });
  const past = before.filter(({ cause }) => !findings.some((finding) => finding.cause === cause));
  const over = past.filter(({ cause }) => isOver(cause, seen));
  for (const { incident } of over) closeIncident(work, incident, 'healed');
  return [...open, ...past.filter((trouble) => !over.includes(trouble))];
}

/** Not by something that is unknown, or gone: by what is there. One that has just begun has not seen the store. */
function isOver(cause: BackupTrouble['cause'], { known, lastBackup, lastProof }: BackupObservation): boolean {
  if (!known) return false;
  if (cause === 'backup-overdue') return lastBackup !== undefined;
  return cause === 'proof-failed' || cause === 'proof-overdue' ? lastProof !== undefined : true;
}

function begin(work: Work, unit: Unit, database: string, finding: BackupFinding): BackupTrouble {
  const { cause, title, evidence, hint } = finding;
  const replicas = unit.slots.map((slot) => slot.replica);
  const incident = openIncident(work, unit.spec.name, replicas, { cause, title, evidence });
  tell(work, 'escalated', `${title}; a person is asked`, { unit: unit.spec.name, incident });
  give(work, { kind: 'PagePerson', title, detail: `${evidence.join('; ')}. ${hint}` }, { reason: title, incident });
  return { database, cause, title, incident };
}

/** What is said changes with its cause, not with every second that it lasts. */
function update(work: Work, known: BackupTrouble, { title, evidence }: BackupFinding): BackupTrouble {
  const written = findIncident(work, known.incident)?.evidence;
  const isNews = written !== undefined && evidence.some((line) => !written.some((one) => sameLine(one, line)));
  if (isNews) amend(work, known.incident, () => ({ evidence }));
  return { ...known, title };
}
