// The way in: a new life for a slot that has none, or beside the one it will replace. It waits for what it uses, for its
// delay, for its budget; and before the first full observation of a term nothing is started, because it may already run.
import { charge, rateFreeAt, rateRefusal } from './budget.ts';
import { nextTry } from './holds.ts';
import { addRemedy } from './incidents.ts';
import { limits } from './limits.ts';
import { databaseTermFor } from './postgres/starts.ts';
import { createLife } from './slots.ts';
import type { Life, Slot, Unit } from './state.ts';
import { about, findUnit, give, mintIncarnation, tell, type Work, wakeBy } from './work.ts';

/** Starts the slot's only life, as soon as all conditions hold. */
export function maybeStart(work: Work, unit: Unit, slot: Slot): void {
  if (!unit.spec.surge && slot.lives.length > 0) return;
  if (slot.lives.length >= limits.livesMax || waitsFor(work, unit) !== undefined) return;
  if (databaseTermFor(unit, slot) === 'later') return;
  if (slot.held?.kind === 'replace') slot.held = { ...slot.held, kind: 'start' };
  const due = Math.max(slot.notBefore, slot.held?.retryAt ?? 0);
  if (work.now < due) {
    wakeBy(work, due);
    return;
  }
  const remedy = remedyFor(slot);
  const refusal = remedy === 'start' ? undefined : rateRefusal(work, unit, slot);
  if (refusal !== undefined) {
    refuse(work, unit, slot, { what: 'a restart', why: refusal });
    return;
  }
  if (slot.held !== undefined) slot.held = { ...slot.held, retryAt: nextTry(work, slot) };
  startLife(work, unit, slot, remedy);
}

/** The unit that must serve before this one starts, if there is one. */
export function waitsFor(work: Work, unit: Unit): string | undefined {
  return unit.spec.uses.find((name) => {
    const used = findUnit(work, name);
    return used !== undefined && used.wanted > 0 && !used.everServed;
  });
}

function remedyFor(slot: Slot): string {
  if (slot.held !== undefined) return 'slow try while held';
  if (slot.turnAt !== undefined) return slot.replace?.remedy ?? 'replace';
  if (slot.incident !== undefined) return 'restart';
  return 'start';
}

/** Makes a new life and watches whether it lives up to its purpose. */
export function startLife(work: Work, unit: Unit, slot: Slot, remedy: string): void {
  const life = createLife(work, {
    incarnation: mintIncarnation(work),
    release: work.brain.release,
    zone: slot.zone,
  });
  slot.lives = [...slot.lives, life];
  slot.refused = undefined;
  slot.trial = { incarnation: life.incarnation, remedy, begunAt: work.now, goodSince: undefined };
  if (remedy !== 'start') {
    slot.restarts++;
    charge(work, unit, slot);
    addRemedy(work, slot, remedy);
    const exit = remedy === 'restart' && slot.lastExit !== undefined ? `${slot.replica} ${slot.lastExit}: ` : '';
    tell(work, 'acted', `${exit}a new ${slot.replica} is started (${remedy})`, about(unit, slot));
  }
  orderStart(work, unit, slot, life);
}

/** Orders again what was ordered and never confirmed: same incarnation, so that it happens once (INV-08). */
export function driveStarting(work: Work, unit: Unit, slot: Slot): void {
  for (const life of slot.lives) {
    if (life.stage !== 'starting' || life.seen !== undefined || life.acked) continue;
    if (work.now < life.commandAfter) wakeBy(work, life.commandAfter);
    else orderStart(work, unit, slot, life);
  }
}

function orderStart(work: Work, unit: Unit, slot: Slot, life: Life): void {
  const database = databaseTermFor(unit, slot);
  if (database === 'later') return;
  // A standby may have a whole database to copy first.
  const deadlineMs = database?.from === undefined ? limits.startDeadlineMs : limits.copyDeadlineMs;
  life.startTries++;
  life.commandAfter = work.now + deadlineMs + limits.stopMarginMs;
  life.startCommand = give(
    work,
    {
      kind: 'StartReplica',
      replica: slot.replica,
      incarnation: life.incarnation,
      release: life.release,
      zone: life.zone,
      ...(database && { database }),
    },
    {
      reason: `${unit.spec.name} wants ${unit.wanted}`,
      incident: slot.incident,
      deadlineMs,
    },
  );
  wakeBy(work, life.commandAfter);
}

/** Tells a refusal once, until its reason changes (INV-10), and comes back when the purse may have filled. */
export function refuse(work: Work, unit: Unit, slot: Slot, { what, why }: { what: string; why: string }): void {
  wakeBy(work, rateFreeAt(work));
  const text = `${what} of ${slot.replica} is refused for now: ${why}`;
  if (slot.refused === text) return;
  slot.refused = text;
  tell(work, 'refused', text, about(unit, slot));
}
