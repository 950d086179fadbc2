// The case files. Findings of one cause in one unit within a few seconds are one incident; it names its evidence (two pieces
// at least), every remedy tried and how that went, and it is closed by its symptom only (INV-06): a slot leaves its
// incident when its remedy is verified or its symptom went away by itself, and the last slot to leave closes it.
import { formatDuration } from '@hale/base';
import type { CauseKind, IncidentId, RemedyView } from '@hale/model';
import { limits } from './limits.ts';
import type { Incident, Slot, Unit } from './state.ts';
import { tell, type Work } from './work.ts';

export interface Charge {
  readonly cause: CauseKind;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly attachment?: string | undefined;
}

/** Files a finding about a slot: into its open incident, into one of the same cause just opened, or into a new one. */
export function file(work: Work, unit: Unit, slot: Slot, charge: Charge): IncidentId {
  const own = slot.incident === undefined ? undefined : findIncident(work, slot.incident);
  if (own !== undefined) {
    amend(work, own.id, (incident) => addCharge(incident, slot, charge));
    return own.id;
  }
  const kin = work.brain.incidents.find(
    (one) =>
      one.outcome === 'open' &&
      one.unit === unit.spec.name &&
      one.cause === charge.cause &&
      work.now - one.openedMono <= limits.groupMs,
  );
  if (kin !== undefined) {
    slot.incident = kin.id;
    amend(work, kin.id, (incident) => addCharge(incident, slot, charge));
    return kin.id;
  }
  slot.incident = openIncident(work, unit.spec.name, [slot.replica], charge);
  return slot.incident;
}

export function openIncident(
  work: Work,
  unit: string,
  replicas: readonly Slot['replica'][],
  charge: Charge,
): IncidentId {
  const { brain } = work;
  brain.incidentSeq++;
  const id = `i${brain.epoch}-${brain.incidentSeq}` as IncidentId;
  const incident: Incident = {
    id,
    unit,
    replicas,
    cause: charge.cause,
    title: charge.title,
    evidence: charge.evidence.slice(0, limits.evidenceMax),
    openedAt: work.at,
    openedMono: work.now,
    suspectedAt: undefined,
    condemnedAt: undefined,
    isolatedAt: undefined,
    closedAt: undefined,
    outcome: 'open',
    remedies: [],
    rejected: [],
    attachment: charge.attachment,
  };
  brain.incidents = bounded([...brain.incidents, incident]);
  tell(work, 'opened', `incident ${id}: ${charge.title}`, { unit, replica: replicas[0], incident: id });
  return id;
}

/** Changes one incident of the list; a closed one stays as it is. */
export function amend(work: Work, id: IncidentId | undefined, change: (incident: Incident) => Partial<Incident>): void {
  if (id === undefined) return;
  const { incidents } = work.brain;
  const index = incidents.findIndex((one) => one.id === id);
  const incident = incidents[index];
  if (incident === undefined) return;
  const changed = change(incident);
  if (Object.keys(changed).length > 0) work.brain.incidents = incidents.with(index, { ...incident, ...changed });
}

export function findIncident(work: Work, id: IncidentId): Incident | undefined {
  return work.brain.incidents.find((one) => one.id === id && one.outcome === 'open');
}

/** Sets a moment of the incident's life, the first time only. */
export function mark(
  work: Work,
  id: IncidentId | undefined,
  moment: 'suspectedAt' | 'condemnedAt' | 'isolatedAt',
): void {
  if (id === undefined || work.brain.incidents.find((one) => one.id === id)?.[moment] !== undefined) return;
  amend(work, id, () => ({ [moment]: work.at }));
}

export function addRemedy(work: Work, slot: Slot, remedy: string): void {
  amend(work, slot.incident, (incident) => {
    const entry: RemedyView = { remedy, at: work.at, target: slot.replica, outcome: 'pending' };
    return { remedies: [...incident.remedies, entry].slice(-limits.remediesMax) };
  });
}

/** Says how the slot's pending remedies went. */
export function settleRemedies(work: Work, slot: Slot, outcome: RemedyView['outcome']): void {
  amend(work, slot.incident, (incident) => ({
    remedies: incident.remedies.map((one) =>
      one.target === slot.replica && one.outcome === 'pending' ? { ...one, outcome } : one,
    ),
  }));
}

/** Writes down a remedy that was not chosen, once. */
export function reject(work: Work, slot: Slot, remedy: string, why: string): void {
  amend(work, slot.incident, (incident) =>
    incident.rejected.some((one) => one.remedy === remedy && one.why === why)
      ? {}
      : { rejected: [...incident.rejected, { remedy, why }].slice(-limits.remediesMax) },
  );
}

/** The slot has no part in its incident any more; the last one closes it. */
export function leaveIncident(work: Work, slot: Slot, outcome: 'healed' | 'inconclusive'): void {
  const id = slot.incident;
  if (id === undefined) return;
  settleRemedies(work, slot, outcome === 'healed' ? 'worked' : 'inconclusive');
  slot.incident = undefined;
  const others = work.brain.units.some((unit) => unit.slots.some((one) => one.incident === id));
  if (!others) closeIncident(work, id, outcome);
}

export function closeIncident(work: Work, id: IncidentId, outcome: 'healed' | 'not-healed' | 'inconclusive'): void {
  const incident = findIncident(work, id);
  if (incident === undefined) return;
  const worked = incident.remedies.some((remedy) => remedy.outcome === 'worked');
  const settled = outcome === 'inconclusive' && worked ? 'healed' : outcome;
  amend(work, id, () => ({ outcome: settled, closedAt: work.at }));
  const took = formatDuration(work.now - incident.openedMono);
  const how =
    settled === 'healed' ? 'healed' : settled === 'inconclusive' ? 'went away without a remedy' : 'not healed';
  tell(work, 'closed', `incident ${id} closed after ${took}: ${how}`, { unit: incident.unit, incident: id });
}

function addCharge(incident: Incident, slot: Slot, charge: Charge): Partial<Incident> {
  const fresh = charge.evidence.filter((line) => !incident.evidence.some((known) => sameLine(known, line)));
  const joins = !incident.replicas.includes(slot.replica);
  if (fresh.length === 0 && !joins && !worse(charge.cause, incident.cause)) return {};
  return {
    evidence: [...incident.evidence, ...fresh].slice(0, limits.evidenceMax),
    replicas: joins ? [...incident.replicas, slot.replica] : incident.replicas,
    attachment: incident.attachment ?? charge.attachment,
    ...(worse(charge.cause, incident.cause) ? { cause: charge.cause, title: charge.title } : {}),
  };
}

/** Two lines that differ in their figures say the same. */
export function sameLine(a: string, b: string): boolean {
  return a === b || a.replace(/[\d.]+(ms|s|m|h)?/g, '') === b.replace(/[\d.]+(ms|s|m|h)?/g, '');
}

/** A full disk explains whatever ends for it, a loop its crashes, a hang a failing probe. */
function worse(next: CauseKind, now: CauseKind): boolean {
  if (next === 'disk' || now === 'disk') return now !== 'disk';
  if (next === 'crash-loop') return now !== 'crash-loop';
  return (
    (now === 'not-ready' || now === 'not-live') && (next === 'hang' || next === 'blocked-loop' || next === 'crash')
  );
}

/** At most `incidentsMax`: the oldest closed ones go first (INV-09). */
function bounded(incidents: Incident[]): Incident[] {
  if (incidents.length <= limits.incidentsMax) return incidents;
  const victim = incidents.findIndex((one) => one.outcome !== 'open');
  return incidents.filter((_, index) => index !== Math.max(0, victim));
}
