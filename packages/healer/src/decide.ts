// The conductor of one slot: compares what is wanted with what is there and takes the next step, at most one of each kind.
//
//   nothing wanted -> retire        condemned -> kill, and start anew at once
//   no life        -> start         outdated, leaking, ordered -> replacement first, proof, then the old one leaves
//
// It is level-based: the same memory gives the same next step, whichever event woke it.

import { restartDelayMs } from './backoff.ts';
import { domainRefusal, floorOf, floorRefusal, isBelowFloor, rateRefusal, servingWanted } from './budget.ts';
import { giveUpWhenFutile, trialFailed } from './endings.ts';
import { letGo } from './holds.ts';
import { addRemedy, leaveIncident } from './incidents.ts';
import { driveLeaving, kill, reclaim, retire } from './leaving.ts';
import { isActive, isOutdated, isServing, isStanding, wants } from './lives.ts';
import { driveStarting, maybeStart, refuse, startLife } from './starting.ts';
import type { Life, Slot, Unit } from './state.ts';
import { judgeTrial } from './trials.ts';
import { draw, type Work, wakeBy } from './work.ts';

export function decideSlot(work: Work, unit: Unit, slot: Slot): void {
  if (work.brain.shutdown || !wants(slot, unit)) dismiss(work, unit, slot);
  else if (work.brain.sawFull) provide(work, unit, slot);
  driveLeaving(work, slot);
}

function dismiss(work: Work, unit: Unit, slot: Slot): void {
  slot.trial = undefined;
  slot.held = undefined;
  slot.replace = undefined;
  slot.turnAt = undefined;
  leaveIncident(work, slot, 'inconclusive');
  reclaim(work, unit, slot);
  if (work.brain.shutdown && isStillUsed(work, unit)) return;
  for (const life of slot.lives) {
    if (!isActive(life)) continue;
    if (work.brain.shutdown || unit.removed || slot.drained)
      retire(work, unit, slot, { life, why: whyDismissed(work, slot) });
    else if (isServing(unit, life) && isBelowFloor(unit)) {
      const why = `${unit.spec.name} has ${servingWanted(unit)} serving without it, below its floor of ${floorOf(unit)}`;
      refuse(work, unit, slot, { what: 'the removal', why });
    } else retire(work, unit, slot, { life, why: whyDismissed(work, slot) });
  }
}

function whyDismissed(work: Work, slot: Slot): string {
  if (work.brain.shutdown) return 'the system shuts down';
  return slot.drained ? 'it is drained' : 'it is no longer wanted';
}

/** Shutdown goes in reverse start order: who is used by something that still lives waits. */
function isStillUsed(work: Work, unit: Unit): boolean {
  return work.brain.units.some(
    (other) => other.spec.uses.includes(unit.spec.name) && other.slots.some((slot) => slot.lives.length > 0),
  );
}

function provide(work: Work, unit: Unit, slot: Slot): void {
  reclaim(work, unit, slot);
  killCondemned(work, unit, slot);
  driveStarting(work, unit, slot);
  judgeTrial(work, unit, slot);
  const active = slot.lives.filter(isActive);
  const [oldest] = active;
  const newest = active.at(-1);
  if (oldest === undefined || newest === undefined) maybeStart(work, unit, slot);
  else if (oldest === newest) considerReplacement(work, unit, slot, oldest);
  else if (slot.trial === undefined) settlePair(work, unit, slot, newest);
  endTurn(unit, slot);
}

/** INV-04 was checked where it was condemned: a life proven not to serve is killed and its successor started at the same time. */
function killCondemned(work: Work, unit: Unit, slot: Slot): void {
  for (const life of slot.lives) {
    if (life.condemned === undefined || !isActive(life)) continue;
    const slow = life.condemned.cause === 'slow-start';
    kill(life, slow ? unit.spec.grace.stopMs : 0);
    slot.lastExit = undefined;
    slot.failures++;
    slot.notBefore = work.now + restartDelayMs(slow ? slot.failures + 1 : slot.failures, draw(work));
    trialFailed(work, slot, life);
    giveUpWhenFutile(work, unit, slot, slow ? 'it does not start in time' : 'it hangs again');
  }
}

/** Two lives and the newer one is proven: the older leaves. */
function settlePair(work: Work, unit: Unit, slot: Slot, newest: Life): void {
  // A suspicion is settled one way or the other by itself, and so is what a debugger holds.
  if (newest.suspect !== undefined || isStanding(newest)) return;
  const keep = isServing(unit, newest) ? newest : slot.lives.find((life) => isActive(life) && isServing(unit, life));
  if (keep === undefined) return;
  for (const life of slot.lives) {
    if (life !== keep && isActive(life))
      retire(work, unit, slot, { life, why: slot.replace?.why ?? 'a newer one serves' });
  }
  slot.replace = undefined;
}

/** A planned replacement: only with the budget's leave, and where it can, the new one first (INV-03). */
function considerReplacement(work: Work, unit: Unit, slot: Slot, life: Life): void {
  const wish = wishFor(work, unit, slot, life);
  const isWell = isServing(unit, life);
  if (isWell && slot.held?.kind === 'replace' && (wish === undefined || slot.held.oldIll)) {
    letGo(work, unit, slot, 'it serves as it is');
  }
  if (wish === undefined || life.stage !== 'up' || slot.trial !== undefined) return;
  if (slot.held?.kind === 'replace') return;
  if (work.now < slot.notBefore) {
    wakeBy(work, slot.notBefore);
    return;
  }
  const refusal =
    domainRefusal(work, unit, slot) ??
    rateRefusal(work, unit, slot) ??
    (unit.spec.surge || !isServing(unit, life) ? undefined : floorRefusal(unit, slot)) ??
    heldRefusal(unit, slot) ??
    (isWell ? gapRefusal(unit, slot) : undefined);
  if (refusal !== undefined) {
    refuse(work, unit, slot, { what: `a ${wish.remedy}`, why: refusal });
    return;
  }
  slot.turnAt = work.now;
  slot.replace = { of: life.incarnation, ...wish };
  slot.lastExit = undefined;
  if (unit.spec.surge) startLife(work, unit, slot, wish.remedy);
  else {
    addRemedy(work, slot, wish.remedy);
    retire(work, unit, slot, { life, why: wish.why });
  }
}

/** What was given up for one is not tried on the next. */
function heldRefusal(unit: Unit, slot: Slot): string | undefined {
  const held = unit.slots.find((other) => other !== slot && wants(other, unit) && other.held?.kind === 'replace');
  return held === undefined ? undefined : `${held.replica} of the same service is held`;
}

/** The next one waits until every other has been proven: a bad release must not reach them all. */
function gapRefusal(unit: Unit, slot: Slot): string | undefined {
  const held = unit.slots.find((other) => other !== slot && wants(other, unit) && other.held !== undefined);
  if (held !== undefined) return `${held.replica} of the same service is held`;
  const gap = unit.slots.find(
    (other) =>
      other !== slot &&
      wants(other, unit) &&
      !other.lives.some((life) => isActive(life) && (isServing(unit, life) || isOutdated(unit, life))),
  );
  return gap === undefined ? undefined : `${gap.replica} of the same service does not serve`;
}

function wishFor(work: Work, unit: Unit, slot: Slot, life: Life): { remedy: string; why: string } | undefined {
  if (slot.replace !== undefined && slot.replace.of !== life.incarnation) slot.replace = undefined;
  // What has recovered by itself needs no replacement any more (level, not edge).
  if (slot.replace?.remedy === 'replace' && isServing(unit, life) && life.symptoms.overMemory === 0)
    slot.replace = undefined;
  if (slot.replace !== undefined) return { remedy: slot.replace.remedy, why: slot.replace.why };
  if (!isOutdated(unit, life)) return undefined;
  return { remedy: 'rollout', why: `release ${work.brain.release} changes it` };
}

/** The turn ends when one proven life is left. */
function endTurn(unit: Unit, slot: Slot): void {
  const [only] = slot.lives;
  if (slot.turnAt === undefined || only === undefined || slot.lives.length !== 1 || slot.trial !== undefined) return;
  if (isServing(unit, only) && !isOutdated(unit, only) && slot.replace?.of !== only.incarnation)
    slot.turnAt = undefined;
}
