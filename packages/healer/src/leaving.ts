// The way out: draining (callers look elsewhere), then stopping (SIGTERM, grace, SIGKILL), then gone. Only a drained
// life whose successor is lost goes back.
// A stop that was lost is ordered again, ever more slowly.

import { isBelowFloor } from './budget.ts';
import { limits } from './limits.ts';
import { isReady, isServing, wants } from './lives.ts';
import type { Life, Slot, Unit } from './state.ts';
import { about, give, tell, type Work, wakeBy } from './work.ts';

/** Takes a life out of rotation and, after the drain time, stops it. */
export function retire(work: Work, unit: Unit, slot: Slot, { life, why }: { life: Life; why: string }): void {
  const drainMs = unit.spec.routed && life.upAt !== undefined && !work.brain.shutdown ? unit.spec.grace.drainMs : 0;
  life.stage = 'draining';
  life.commandAfter = work.now;
  life.drainUntil = work.now + drainMs;
  life.graceMs = unit.spec.grace.stopMs;
  tell(work, 'acted', `${slot.replica} is drained and stopped: ${why}`, about(unit, slot));
}

/** Stops a life that serves nobody, now. */
export function kill(life: Life, graceMs: number): void {
  life.stage = 'stopping';
  life.commandAfter = 0;
  life.graceMs = graceMs;
}

/**
 * Lives that drain and still serve are taken back before they are stopped when they are missed: their successor is lost,
 * or the unit would fall below its floor without them (INV-03).
 */
export function reclaim(work: Work, unit: Unit, slot: Slot): void {
  if (work.brain.shutdown || !unit.spec.surge || slot.drained || unit.removed) return;
  for (const life of slot.lives) {
    if (life.stage !== 'draining' || life.condemned !== undefined || life.upAt === undefined) continue;
    if (!isReady(unit, { ...life, stage: 'up' })) continue;
    const missed = wants(slot, unit)
      ? !slot.lives.some((other) => other !== life && isServing(unit, other))
      : isBelowFloor(unit);
    if (!missed) continue;
    life.stage = 'up';
    tell(work, 'acted', `${slot.replica} is taken back: it is still needed`, about(unit, slot));
    return;
  }
}

/** Moves every leaving life of the slot one step further. */
export function driveLeaving(work: Work, slot: Slot): void {
  for (const life of slot.lives) {
    if (life.stage === 'draining') {
      if (work.now < life.drainUntil) wakeBy(work, life.drainUntil);
      else life.stage = 'stopping';
    }
    if (life.stage !== 'stopping') continue;
    if (work.now < life.commandAfter) wakeBy(work, life.commandAfter);
    else orderStop(work, slot, life);
  }
}

function orderStop(work: Work, slot: Slot, life: Life): void {
  const deadlineMs = life.graceMs + limits.stopMarginMs;
  life.stopTries++;
  life.commandAfter = work.now + deadlineMs + limits.stopMarginMs;
  life.stopCommand = give(
    work,
    { kind: 'StopReplica', replica: slot.replica, incarnation: life.incarnation, graceMs: life.graceMs },
    { reason: `${slot.replica} is to stop`, incident: slot.incident, deadlineMs },
  );
  wakeBy(work, life.commandAfter);
}
