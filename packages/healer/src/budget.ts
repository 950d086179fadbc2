// The one purse that every disturbance is paid from: restarts, rollouts, scaling, drains, remedies, people (DESIGN section 5).
// It answers "may I?" with nothing, or with the reason why not, which is told (INV-10). It guards INV-03:
// a slot that serves is only disturbed while at least `floorOf` slots of its unit serve besides it, or its replacement
// starts first. Proven dead replicas cost only the rate limit.
import { limits } from './limits.ts';
import { isServing, wants } from './lives.ts';
import type { LedgerEntry, Slot, Unit } from './state.ts';
import type { Work } from './work.ts';

/** Serving slots below which Hale itself never takes a unit: one less than wanted, and at least one; 0 where only one life can exist at a time. */
export function floorOf(unit: Unit): number {
  if (unit.wanted === 0) return 0;
  if (unit.wanted === 1) return unit.spec.surge ? 1 : 0;
  return unit.wanted - 1;
}

/** The wanted slots alone do not reach the floor. */
export function isBelowFloor(unit: Unit): boolean {
  return servingWanted(unit) < floorOf(unit);
}

/** Wanted slots of the unit that serve now: without those that are to go. */
export function servingWanted(unit: Unit): number {
  return unit.slots.filter((slot) => wants(slot, unit) && slot.lives.some((life) => isServing(unit, life))).length;
}

/** Slots of the unit that serve now. */
export function servingOf(unit: Unit): number {
  let count = 0;
  for (const slot of unit.slots) if (slot.lives.some((life) => isServing(unit, life))) count++;
  return count;
}

/** Why the rate limit forbids another action on this slot now, or undefined. */
export function rateRefusal(work: Work, unit: Unit, slot: Slot): string | undefined {
  const recent = work.brain.ledger.filter((entry) => work.now - entry.at < limits.ledgerWindowMs);
  const count = (match: (entry: LedgerEntry) => boolean) => recent.filter(match).length;
  if (count((entry) => entry.replica === slot.replica) >= limits.replicaActionsMax) {
    return `${slot.replica} has had ${limits.replicaActionsMax} actions within a minute`;
  }
  const unitMax = Math.max(limits.unitActionsMax, 3 * unit.wanted);
  if (count((entry) => entry.unit === unit.spec.name) >= unitMax) {
    return `${unit.spec.name} has had ${unitMax} actions within a minute`;
  }
  const allMax = Math.max(limits.allActionsMax, 3 * work.brain.units.reduce((sum, one) => sum + one.wanted, 0));
  return recent.length >= allMax ? `the system has had ${allMax} actions within a minute` : undefined;
}

/** When the rate limit may next have room: the oldest entry's leaving. */
export function rateFreeAt(work: Work): number {
  return (work.brain.ledger[0]?.at ?? work.now) + limits.ledgerWindowMs;
}

/** Why the serving life of this slot may not be taken away now, or undefined (INV-03). */
export function floorRefusal(unit: Unit, slot: Slot): string | undefined {
  const others = unit.slots.filter(
    (other) => other !== slot && wants(other, unit) && other.lives.some((life) => isServing(unit, life)),
  ).length;
  const floor = floorOf(unit);
  return others >= floor ? undefined : `${unit.spec.name} would fall to ${others} serving, below its floor of ${floor}`;
}

/** Why another planned disturbance may not begin in this slot's failure domain now, or undefined. */
export function domainRefusal(work: Work, unit: Unit, slot: Slot): string | undefined {
  for (const other of work.brain.units) {
    for (const busy of other.slots) {
      if (busy.turnAt === undefined || busy === slot) continue;
      if (other === unit) return `${busy.replica} of the same service is being replaced`;
      if (busy.zone === slot.zone) return `${busy.replica} in zone ${slot.zone} is being replaced`;
    }
  }
  return undefined;
}

/** Writes an action into the ledger, and lets go of what is older than the window. */
export function charge(work: Work, unit: Unit, slot: Slot): void {
  const kept = work.brain.ledger.filter((entry) => work.now - entry.at < limits.ledgerWindowMs);
  work.brain.ledger = [...kept, { at: work.now, unit: unit.spec.name, replica: slot.replica }];
}
