// A seed's fate: ten virtual minutes with clusters of faults, at least three of them overlapping for sure, and people who order
// things in between. The faults end early enough for everything to have healed by the end; then the last referee looks around.
import { createRng, type Rng } from '@hale/base';
import type { Order, UnitSpec } from '@hale/model';
import { replicaId } from '@hale/model';
import { type DatabaseFaultName, databaseFaults } from './cluster/faults.ts';
import { type LonelyFaultName, lonelyFaults } from './cluster/lonely-faults.ts';
import { type ControlFaultName, controlFaults } from './control-faults.ts';
import { type FaultName, faults } from './faults.ts';
import { type RelayFaultName, relayFaults } from './relay/faults.ts';
import type { Simulation } from './simulation.ts';

export const gameMs = 660_000;
/** Each of these lasts at least this long (faults.ts), so three begun within it overlap. */
export const overlapMs = 5_000;
export const lastingFaults: readonly Planned['what'][] = [
  'crash-loop',
  'slow-start',
  'bad-probe-one',
  'bad-probe-all',
  'observations-lost',
  'observations-late',
  'observer-lag',
  'host-busy',
  'block-unseen',
];
const allFaults = { ...faults, ...databaseFaults, ...lonelyFaults, ...controlFaults, ...relayFaults };
const databaseRatio = 0.5;
const lonelyRatio = 0.3;
const relayRatio = 0.4;
const controlRatio = 0.25;
const troubleFromMs = 15_000;
const troubleUntilMs = 330_000;

export interface Planned {
  readonly at: number;
  readonly what: FaultName | DatabaseFaultName | LonelyFaultName | ControlFaultName | RelayFaultName | 'order';
}

/** When what happens; only the kinds and the times: victims are drawn when it happens. */
export function drawSchedule(seed: number): readonly Planned[] {
  const rng = createRng(seed ^ 0x2545f491);
  const names = Object.keys(faults) as FaultName[];
  const planned: Planned[] = [];
  const clusters = 2 + rng.below(4);
  for (let i = 0; i < clusters; i++) {
    const at = troubleFromMs + rng.below(troubleUntilMs - troubleFromMs - 20_000);
    const size = 3 + rng.below(3);
    for (let j = 0; j < size; j++) {
      const isOrder = rng.unit() < 0.15;
      planned.push({
        at: at + rng.below(12_000),
        what: isOrder ? 'order' : (names[rng.below(names.length)] ?? 'crash'),
      });
    }
  }
  return [...planned, ...drawOverlap(seed)].sort((a, b) => a.at - b.at);
}

/** Three different faults that last, begun within `overlapMs`: whatever else the dice say, they hold at the same time. */
function drawOverlap(seed: number): readonly Planned[] {
  const rng = createRng(seed ^ 0x3c6ef372);
  const names = [...lastingFaults];
  const at = troubleFromMs + rng.below(troubleUntilMs - troubleFromMs - 20_000);
  return Array.from({ length: 3 }, () => {
    const [what] = names.splice(rng.below(names.length), 1);
    return { at: at + rng.below(overlapMs), what: what ?? 'host-busy' };
  });
}

/** What befalls a database cluster besides: soon after, and so during, everything else that happens. */
export function drawDatabaseTrouble(seed: number, planned: readonly Planned[]): readonly Planned[] {
  const rng = createRng(seed ^ 0x27d4eb2f);
  const names = Object.keys(databaseFaults) as DatabaseFaultName[];
  return planned.flatMap(({ at }) => {
    if (rng.unit() >= databaseRatio) return [];
    return [{ at: at + rng.below(8_000), what: names[rng.below(names.length)] ?? 'primary-killed' }];
  });
}

/** What befalls one that prefers to be available, or has another region, besides. */
export function drawLonelyTrouble(seed: number, planned: readonly Planned[]): readonly Planned[] {
  const rng = createRng(seed ^ 0x5851f42d);
  const names = Object.keys(lonelyFaults) as LonelyFaultName[];
  return planned.flatMap(({ at }) => {
    if (rng.unit() >= lonelyRatio) return [];
    return [{ at: at + rng.below(8_000), what: names[rng.below(names.length)] ?? 'standbys-cut' }];
  });
}

/** What befalls the relays of a database besides. */
export function drawRelayTrouble(seed: number, planned: readonly Planned[]): readonly Planned[] {
  const rng = createRng(seed ^ 0x6a09e667);
  const names = Object.keys(relayFaults) as RelayFaultName[];
  return planned.flatMap(({ at }) => {
    if (rng.unit() >= relayRatio) return [];
    return [{ at: at + rng.below(8_000), what: names[rng.below(names.length)] ?? 'relay-killed' }];
  });
}

/** What befalls the control room while it has everything else to deal with. */
export function drawControlTrouble(seed: number, planned: readonly Planned[]): readonly Planned[] {
  const rng = createRng(seed ^ 0x71c9a3b5);
  const names = Object.keys(controlFaults) as ControlFaultName[];
  return planned.flatMap(({ at }) => {
    if (rng.unit() >= controlRatio) return [];
    return [{ at: at + rng.below(6_000) - 3_000, what: names[rng.below(names.length)] ?? 'control-busy' }];
  });
}

/** Enters a schedule into the simulation's diary. */
export function enterSchedule(simulation: Simulation, planned: readonly Planned[], units: readonly UnitSpec[]): void {
  const declared = { units };
  for (const { at, what } of planned) {
    simulation.agenda.after(at, () => {
      if (what === 'order') orderSomething(simulation, declared);
      else allFaults[what](simulation);
    });
  }
  // A tidy end: nobody stays drained, scaled away or on a bad release, and whoever was held by then may try again.
  simulation.agenda.after(troubleUntilMs + 30_000, () => {
    simulation.world.sky.badRelease.clear();
    for (const unit of declared.units) {
      for (let i = 0; i < 6; i++) simulation.order({ kind: 'undrain', replica: replicaId(unit.name, i) });
      simulation.order({ kind: 'scale', unit: unit.name, replicas: unit.replicas });
    }
  });
  simulation.agenda.after(troubleUntilMs + 120_000, () => {
    for (const unit of declared.units) simulation.order({ kind: 'resume', unit: unit.name });
  });
}

function orderSomething(simulation: Simulation, declared: { units: readonly UnitSpec[] }): void {
  const { rng } = simulation;
  const unit = declared.units[rng.below(declared.units.length)];
  if (unit === undefined) return;
  const dice = rng.unit();
  if (dice < 0.3) rollOut(simulation, declared, unit);
  else if (dice < 0.4) rollOutBadly(simulation, declared, unit);
  else simulation.order(drawOrder(rng, unit));
}

function drawOrder(rng: Rng, unit: UnitSpec): Order {
  const replica = replicaId(unit.name, rng.below(unit.replicas));
  const orders: readonly Order[] = [
    { kind: 'restart', unit: unit.name, replica: undefined },
    { kind: 'restart', unit: unit.name, replica },
    { kind: 'scale', unit: unit.name, replicas: rng.below(5) },
    { kind: 'drain', replica },
    { kind: 'undrain', replica },
    { kind: 'resume', unit: unit.name },
    { kind: 'scale', unit: 'nobody', replicas: 1 },
  ];
  return orders[rng.below(orders.length)] as Order;
}

function rollOut(simulation: Simulation, declared: { units: readonly UnitSpec[] }, unit: UnitSpec): void {
  const next = { ...unit, fingerprint: `${unit.fingerprint}+` };
  declared.units = declared.units.map((one) => (one.name === unit.name ? next : one));
  simulation.declare(declared.units);
}

/** A release whose new lives crash; a better one follows later. */
function rollOutBadly(simulation: Simulation, declared: { units: readonly UnitSpec[] }, unit: UnitSpec): void {
  simulation.world.sky.badRelease.set(unit.name, simulation.release + 1);
  rollOut(simulation, declared, unit);
  simulation.agenda.after(30_000 + simulation.rng.below(60_000), () => {
    simulation.world.sky.badRelease.delete(unit.name);
    const current = declared.units.find((one) => one.name === unit.name) ?? unit;
    rollOut(simulation, declared, current);
  });
}
