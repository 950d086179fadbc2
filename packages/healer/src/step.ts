// The brain's one motion: fold the event into the memory, look at all of it, decide, and say so. Level-based: the event
// only wakes; what is done follows from comparing what is wanted with what is observed. It reads no clock and no dice (INV-01),
// and the memory it was given stays as it was.
import { assertNever } from '@hale/base';
import type { Command, HaleEvent } from '@hale/model';
import { examineBackups, forgetBackups } from './backups.ts';
import { servingOf } from './budget.ts';
import { decideSlot } from './decide.ts';
import { foldDeclaration, foldElection, foldReboot } from './declare.ts';
import { examineDegraded, forgetDegraded } from './degraded.ts';
import { diagnose } from './diagnose.ts';
import { isStillFull } from './full-disk.ts';
import { leaveIncident } from './incidents.ts';
import { limits } from './limits.ts';
import { isActive, isServing, isWithoutPrimary, wants } from './lives.ts';
import { foldObservation } from './observe.ts';
import { examineObserver } from './observer.ts';
import { foldOrder } from './orders.ts';
import { foldOutcome } from './outcomes.ts';
import { tendClusters } from './postgres/tend.ts';
import { publishTable } from './rotation.ts';
import type { BrainState, Life } from './state.ts';
import { about, give, openWork, tell, type Work, wakeBy } from './work.ts';

export interface Step {
  readonly state: BrainState;
  readonly commands: readonly Command[];
}

/** Takes one event in; gives the new memory and what is to be done. Never throws for what the world does. */
export function step(state: BrainState, event: HaleEvent): Step {
  const work = openWork(state, event.at);
  if (state.at.bootId !== '' && state.at.bootId !== event.at.bootId) foldReboot(work);
  fold(work, event);
  if (work.brain.epoch > 0) reconcile(work);
  return { state: work.brain as unknown as BrainState, commands: work.commands };
}

function fold(work: Work, event: HaleEvent): void {
  switch (event.kind) {
    case 'LeaderElected':
      foldElection(work, event);
      return;
    case 'SystemDeclared':
      foldDeclaration(work, event);
      return;
    case 'Observed':
      foldObservation(work, event.observation);
      return;
    case 'ObserverLagged':
      foldLag(work, event.lagMs);
      return;
    case 'TimePassed':
      return;
    case 'OrderReceived':
      foldOrder(work, event.by, event.order);
      return;
    case 'CommandFinished':
      foldOutcome(work, event.command, event.result);
      return;
    default:
      assertNever(event);
  }
}

/** Our own eyes were shut: what was measured meanwhile is unknown, so every duration starts anew (INV-04). */
function foldLag(work: Work, lagMs: number): void {
  work.brain.discountUntil = Math.max(work.brain.discountUntil, work.now + limits.discountMs + Math.min(lagMs, 10_000));
  for (const unit of work.brain.units) {
    for (const slot of unit.slots) {
      for (const life of slot.lives) {
        // That it is stopped is still the last word of the kernel: forgotten, it would be said to work again.
        if (life.symptoms.stopped !== undefined) life.symptoms.stopped = work.now;
        life.symptoms.notLive = undefined;
      }
    }
  }
}

function reconcile(work: Work): void {
  examineObserver(work);
  countServing(work);
  examineDegraded(work);
  examineBackups(work);
  const ill = diagnose(work);
  tendClusters(work);
  for (const unit of work.brain.units) for (const slot of unit.slots) decideSlot(work, unit, slot);
  dischargeWell(work, ill);
  forgetRemoved(work);
  publishTable(work);
  askToBeWoken(work);
}

/** Who serves now; when a unit serves again, those that use it need not wait out their delays. */
function countServing(work: Work): void {
  for (const unit of work.brain.units) {
    const serving = isWithoutPrimary(unit) ? 0 : servingOf(unit);
    const back = serving > 0 && unit.serving === 0 && unit.everServed;
    unit.serving = serving;
    if (serving > 0) unit.everServed = true;
    if (back) hurryDependants(work, unit.spec.name);
  }
}

function hurryDependants(work: Work, name: string): void {
  for (const unit of work.brain.units) {
    if (!unit.spec.uses.includes(name)) continue;
    for (const slot of unit.slots) {
      if (slot.lives.some(isActive)) continue;
      if (slot.notBefore <= work.now && slot.held === undefined) continue;
      slot.notBefore = Math.min(slot.notBefore, work.now);
      if (slot.held !== undefined) slot.held = { ...slot.held, retryAt: work.now };
      tell(work, 'info', `${name} is back: ${slot.replica} need not wait any longer`, about(unit, slot));
    }
  }
}

/** A slot whose symptom went away without a remedy on trial leaves its incident (INV-06: by the symptom). */
function dischargeWell(work: Work, ill: ReadonlySet<Life>): void {
  for (const unit of work.brain.units) {
    for (const slot of unit.slots) {
      if (slot.incident === undefined || slot.trial !== undefined || slot.held !== undefined) continue;
      if (slot.turnAt !== undefined || !wants(slot, unit)) continue;
      const active = slot.lives.filter(isActive);
      if (active.some((life) => ill.has(life) || isStillFull(work, slot, life))) continue;
      if (!active.some((life) => isServing(unit, life))) continue;
      leaveIncident(work, slot, 'inconclusive');
    }
  }
}

/** Cards of what is neither wanted nor there are thrown away. */
function forgetRemoved(work: Work): void {
  for (const unit of work.brain.units) {
    if (unit.slots.some((slot) => slot.ordinal >= unit.wanted && slot.lives.length === 0)) {
      unit.slots = unit.slots.filter((slot) => slot.ordinal < unit.wanted || slot.lives.length > 0);
    }
  }
  if (work.brain.units.some((unit) => unit.removed && unit.slots.length === 0)) {
    for (const unit of work.brain.units) {
      if (!unit.removed || unit.slots.length > 0) continue;
      forgetDegraded(work, unit);
      forgetBackups(work, unit);
    }
    work.brain.units = work.brain.units.filter((unit) => !unit.removed || unit.slots.length > 0);
  }
}

function askToBeWoken(work: Work): void {
  const { brain } = work;
  if (brain.discountUntil > work.now) wakeBy(work, brain.discountUntil);
  if (brain.wakeAt !== undefined && brain.wakeAt <= work.now) brain.wakeAt = undefined;
  if (work.wakeAt === Number.POSITIVE_INFINITY) return;
  if (brain.wakeAt !== undefined && brain.wakeAt <= work.wakeAt) return;
  brain.wakeAt = work.wakeAt;
  give(work, { kind: 'WakeUp', afterMs: Math.ceil(work.wakeAt - work.now) }, { reason: 'a decision falls due then' });
}
