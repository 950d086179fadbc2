// What changes under the healer's feet: a new leader, a new declaration, a machine that started anew. After a change of leader
// everything given before is decided again from what is seen (level-based), under the same incarnations.
import { seedRng } from '@hale/base';
import type { UnitSpec } from '@hale/model';
import { forgetDegraded } from './degraded.ts';
import { askAgain } from './holds.ts';
import { leaveIncident } from './incidents.ts';
import { limits } from './limits.ts';
import { createSlot, zoneOf } from './slots.ts';
import type { Life, Unit } from './state.ts';
import { findUnit, tell, type Work } from './work.ts';

export function foldElection(work: Work, elected: { epoch: number; seed: number }): void {
  const { brain } = work;
  if (elected.epoch <= brain.epoch) return;
  brain.epoch = elected.epoch;
  brain.rng = seedRng(elected.seed);
  brain.commandSeq = 0;
  brain.sawFull = false;
  brain.wakeAt = undefined;
  brain.table = { seq: 0, key: '', endpoints: brain.table.endpoints };
  for (const unit of brain.units) {
    for (const slot of unit.slots) {
      for (const life of slot.lives) {
        life.startCommand = undefined;
        life.stopCommand = undefined;
        life.startTries = 0;
        life.stopTries = 0;
        life.commandAfter = 0;
        life.acked = life.seen !== undefined;
        forgetVerdict(life);
        // Who was told what by the last leader is not known; being told twice does no harm.
        if (life.node !== undefined) life.node = { ...life.node, command: undefined, notBefore: 0 };
      }
      askAgain(work, unit, slot);
    }
  }
}

/** Whom the last leader condemned and did not see dead is judged anew, on what is seen now (INV-04). */
function forgetVerdict(life: Life): void {
  if (life.condemned === undefined || life.upAt === undefined) return;
  life.condemned = undefined;
  life.stage = 'up';
}

export function foldDeclaration(work: Work, declared: { release: number; units: readonly UnitSpec[] }): void {
  const { brain } = work;
  if (declared.release < brain.release) return;
  brain.release = declared.release;
  brain.shutdown = false;
  const named = new Set(declared.units.map((spec) => spec.name));
  const kept = brain.units.map((unit) => (named.has(unit.spec.name) ? unit : { ...unit, removed: true, wanted: 0 }));
  brain.units = kept;
  for (const spec of declared.units) {
    const unit = findUnit(work, spec.name);
    if (unit === undefined) brain.units = [...brain.units, createUnit(spec, declared.release)];
    else redeclare(work, unit, spec);
  }
}

function createUnit(spec: UnitSpec, release: number): Unit {
  const unit: Unit = {
    spec,
    wanted: spec.replicas,
    removed: false,
    everServed: false,
    serving: 0,
    exits: [],
    prints: [{ release, fingerprint: spec.fingerprint }],
    slots: [],
  };
  fillSlots(unit);
  return unit;
}

function redeclare(work: Work, unit: Unit, spec: UnitSpec): void {
  const changed = unit.spec.fingerprint !== spec.fingerprint;
  if (unit.removed || unit.spec.replicas !== spec.replicas) unit.wanted = spec.replicas;
  unit.removed = false;
  unit.spec = spec;
  // A release that is declared again has one fingerprint, the last: two of one number would make each look older than the other.
  const others = unit.prints.filter((one) => one.release !== work.brain.release);
  unit.prints = [...others, { release: work.brain.release, fingerprint: spec.fingerprint }].slice(-limits.releasesMax);
  fillSlots(unit);
  for (const slot of unit.slots) {
    slot.zone = zoneOf(spec, slot.ordinal);
    if (!changed) continue;
    // A changed program deserves its own chances: holds and delays of the old one do not bind it.
    slot.held = undefined;
    slot.failedInRow = 0;
    slot.failures = 0;
    slot.notBefore = 0;
  }
  if (changed) tell(work, 'info', `${spec.name} has changed in release ${work.brain.release}`, { unit: spec.name });
}

/** One slot for every wanted replica. */
export function fillSlots(unit: Unit): void {
  const wanted = Math.min(unit.wanted, limits.replicasMax);
  for (let ordinal = 0; ordinal < wanted; ordinal++) {
    if (unit.slots.some((slot) => slot.ordinal === ordinal)) continue;
    unit.slots = [...unit.slots, createSlot(unit.spec, ordinal)].sort((a, b) => a.ordinal - b.ordinal);
  }
}

/** The machine started anew: nothing of before runs, and its clock began again. */
export function foldReboot(work: Work): void {
  const { brain } = work;
  brain.ledger = [];
  brain.discountUntil = 0;
  brain.hostBusyUntil = 0;
  brain.observerSick = undefined;
  brain.sawFull = false;
  brain.wakeAt = undefined;
  brain.incidents = brain.incidents.map((one) => ({ ...one, openedMono: work.now }));
  for (const unit of brain.units) {
    forgetDegraded(work, unit);
    unit.everServed = false;
    unit.serving = 0;
    unit.exits = [];
    for (const slot of unit.slots) {
      leaveIncident(work, slot, 'inconclusive');
      const { drained, restarts } = slot;
      Object.assign(slot, createSlot(unit.spec, slot.ordinal), { drained, restarts });
    }
  }
}
