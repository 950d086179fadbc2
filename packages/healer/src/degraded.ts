// Open, but something is missing: a service that answers by a fallback is an incident of its own, of the whole service. Nothing is done to it
// (its cause is healed where it is); people see what is missing and since when, and the incident ends when no replica says so any more.
import { formatDuration } from '@hale/base';
import type { DegradedNotice, UnitName } from '@hale/model';
import { amend, closeIncident, findIncident, openIncident } from './incidents.ts';
import { limits } from './limits.ts';
import { isActive } from './lives.ts';
import type { Unit } from './state.ts';
import { tell, type Work, wakeBy } from './work.ts';

/** What is missing, by name, each with the earliest since. */
export function noticesOf(unit: Unit): readonly DegradedNotice[] {
  const byName = new Map<string, DegradedNotice>();
  for (const slot of unit.slots)
    for (const life of slot.lives) {
      if (!isActive(life)) continue;
      for (const notice of life.seen?.degraded ?? []) {
        const known = byName.get(notice.name);
        if (known === undefined || notice.since < known.since) byName.set(notice.name, notice);
      }
    }
  return [...byName.values()];
}

/** Opens, amends and closes the incidents of degraded services. */
export function examineDegraded(work: Work): void {
  for (const unit of work.brain.units) {
    const notices = noticesOf(unit);
    if (notices.length > 0) noteMissing(work, unit, notices);
    else if (unit.degraded !== undefined) noteWhole(work, unit);
  }
}

function noteMissing(work: Work, unit: Unit, notices: readonly DegradedNotice[]): void {
  const { since = work.now, incident } = unit.degraded ?? {};
  unit.degraded = { since, wholeSince: undefined, incident };
  const dueAt = since + limits.degradedTellMs;
  if (work.now < dueAt) {
    wakeBy(work, dueAt);
    return;
  }
  const title = `${unit.spec.name} answers by fallback: ${notices.map(({ name }) => name).join(', ')} missing`;
  const evidence = evidenceOf(work, unit, notices).slice(0, limits.evidenceMax);
  const replicas = sayingSo(unit);
  if (incident !== undefined && findIncident(work, incident) !== undefined)
    amend(work, incident, () => ({ title, evidence, replicas }));
  else {
    const opened = openIncident(work, unit.spec.name, replicas, { cause: 'degraded', title, evidence });
    unit.degraded = { since, wholeSince: undefined, incident: opened };
  }
}

/** Whole again, once it has stayed so for a moment: a fallback that comes and goes is one incident. */
function noteWhole(work: Work, unit: Unit): void {
  if (unit.degraded === undefined) return;
  const { since, wholeSince = work.now, incident } = unit.degraded;
  unit.degraded = { since, wholeSince, incident };
  const dueAt = wholeSince + limits.degradedClearMs;
  if (work.now < dueAt) {
    wakeBy(work, dueAt);
    return;
  }
  if (incident !== undefined) {
    const took = formatDuration(wholeSince - since);
    tell(work, 'info', `${unit.spec.name} answers in full again after ${took}`, { unit: unit.spec.name, incident });
  }
  forgetDegraded(work, unit);
}

/** Nothing more will be heard of it: the unit is whole, or gone. */
export function forgetDegraded(work: Work, unit: Unit): void {
  const incident = unit.degraded?.incident;
  unit.degraded = undefined;
  if (incident !== undefined) closeIncident(work, incident, 'inconclusive');
}

function sayingSo(unit: Unit) {
  return unit.slots
    .filter((slot) => slot.lives.some((life) => isActive(life) && (life.seen?.degraded?.length ?? 0) > 0))
    .map((slot) => slot.replica);
}

function evidenceOf(work: Work, unit: Unit, notices: readonly DegradedNotice[]): readonly string[] {
  const said = notices.map(({ name, cause }) => `service: ${name} is missing (${cause})`);
  const known = notices.flatMap(({ name }) => stateOf(work, name));
  return [...said, ...known, `${sayingSo(unit).length} of ${unit.wanted} replicas say so`];
}

/** What the model knows of the missing one, where it is a unit of ours. */
function stateOf(work: Work, name: UnitName): readonly string[] {
  const unit = work.brain.units.find((one) => one.spec.name === name);
  return unit === undefined ? [] : [`model: ${name} has ${unit.serving} of ${unit.wanted} serving`];
}
