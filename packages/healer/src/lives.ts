// Plain questions about one life of a replica, asked all over this room so that each has one answer.
import type { UnitSpec } from '@hale/model';
import { limits } from './limits.ts';
import type { Life, Slot, Unit } from './state.ts';

/** Started once and not on its way out. */
export function isUp(life: Life): boolean {
  return life.stage === 'up';
}

export function isActive(life: Life): boolean {
  return life.stage === 'starting' || life.stage === 'up';
}

/** Its readiness says yes. Where nobody looked, the last answer stands; a new life must answer once where it is asked. */
export function isReady(unit: Unit, life: Life): boolean {
  if (life.stage !== 'up' || life.seen === undefined) return false;
  const verdict = life.seen.ready.verdict;
  if (verdict === 'unknown') return unit.spec.probes.ready === undefined || life.readyAt !== undefined;
  return verdict === 'pass';
}

/**
 * Its main loop is known to stand: also where that is no illness, because a debugger holds it or its start is not over. What was
 * answered before it stood is no longer true.
 */
export function isStanding(life: Life): boolean {
  const beat = life.seen?.heartbeat;
  if (life.stage !== 'starting' && life.symptoms.stopped !== undefined) return true;
  return beat?.kind === 'beating' && beat.stalledMs >= limits.suspectAfterMs;
}

/** Serves, as far as is known: up, ready, its loop not standing, neither suspected nor condemned. */
export function isServing(unit: Unit, life: Life): boolean {
  return isReady(unit, life) && !isStanding(life) && life.condemned === undefined && life.suspect === undefined;
}

/** The slot should hold a running replica. */
export function wants(slot: Slot, unit: Unit): boolean {
  return slot.ordinal < unit.wanted && !slot.drained && !unit.removed;
}

/** It runs a declaration that is no longer the wanted one. Unknown counts as current: adoption never restarts. */
export function isOutdated(unit: Unit, life: Life): boolean {
  const print = unit.prints.findLast((one) => one.release === life.release);
  return print !== undefined && print.fingerprint !== unit.spec.fingerprint;
}

export function newestActive(slot: Slot): Life | undefined {
  return slot.lives.findLast(isActive);
}

/** Nothing of the unit can serve, whatever probes say: no life is up and awake. Of a database cluster the primary alone counts. */
export function isProvenDown(unit: Unit): boolean {
  if (unit.wanted === 0) return false;
  const isCounted = (life: Life) => unit.cluster === undefined || life.incarnation === unit.cluster.open;
  return !unit.slots.some((slot) =>
    slot.lives.some(
      (life) =>
        isCounted(life) && life.stage === 'up' && life.condemned === undefined && life.symptoms.stopped === undefined,
    ),
  );
}

/** A database cluster in which nobody accepts writes is of no use to those who use it, however many standbys run. */
export function isWithoutPrimary(unit: Unit): boolean {
  if (unit.spec.cluster === undefined) return false;
  const open = unit.cluster?.open;
  return !unit.slots.some((slot) => slot.lives.some((life) => life.incarnation === open && isServing(unit, life)));
}

/**
 * Its start is over for the main loop too: it has been seen turning, or it stands since long after the startup probe passed
 * (a port may accept connections while the program behind it still compiles).
 */
export function hasSettled(unit: UnitSpec, life: Life, stalledMs: number): boolean {
  if (life.upAt === undefined) return false;
  const stoodFrom = life.seenAt - stalledMs;
  const isOld = life.seenAt - life.orderedAt > unit.probes.startup.withinMs;
  return life.turnedAt !== undefined || isOld || stoodFrom - life.upAt >= limits.settleMs;
}
