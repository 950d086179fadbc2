// The street map: which life answers for which service, derived anew in every step from what is seen and decided. Published only
// when it differs from the last one. If everybody of a service would be out, the last known stay in as 'suspect':
// an empty map helps nobody.
import type { Endpoint, ReplicaObservation, RotationState } from '@hale/model';
import { limits } from './limits.ts';
import { isReady } from './lives.ts';
import { databasesOf } from './postgres/ways.ts';
import type { Life, Slot, Unit } from './state.ts';
import { give, type Work } from './work.ts';

/** What this life's rotation would be, seen by itself; undefined: not in the table at all. */
export function rotationOf(unit: Unit, life: Life, observerSick: boolean): RotationState | undefined {
  if (life.seen === undefined || life.upAt === undefined) return undefined;
  if (life.condemned !== undefined) return 'out';
  if (life.stage === 'draining' || life.stage === 'stopping') return 'draining';
  if (life.suspect !== undefined) return 'suspect';
  if (observerSick && life.readyAt !== undefined) return 'in';
  return isReady(unit, life) ? 'in' : 'out';
}

/** Rotation of every life of a unit, with the rule that not all may be out for a failing readiness alone. */
export function rotationsOf(unit: Unit, observerSick: boolean): ReadonlyMap<Life, RotationState> {
  const states = new Map<Life, RotationState>();
  let usable = false;
  for (const slot of unit.slots) {
    for (const life of slot.lives) {
      const state = rotationOf(unit, life, observerSick);
      if (state === undefined) continue;
      states.set(life, state);
      if (state === 'in' || state === 'suspect') usable = true;
    }
  }
  if (usable) return states;
  for (const [life, state] of states) {
    if (state === 'out' && life.condemned === undefined && life.readyAt !== undefined) states.set(life, 'suspect');
  }
  return states;
}

interface Row {
  readonly unit: Unit;
  readonly slot: Slot;
  readonly life: Life;
  readonly seen: ReplicaObservation;
  readonly port: number;
  readonly state: RotationState;
}

function rowsOf(units: readonly Unit[], observerSick: boolean): readonly Row[] {
  const rows: Row[] = [];
  for (const unit of units) {
    if (!unit.spec.routed) continue;
    const states = rotationsOf(unit, observerSick);
    for (const slot of unit.slots) {
      for (const life of slot.lives) {
        const state = states.get(life);
        const { seen } = life;
        if (state === undefined || seen?.port === undefined) continue;
        rows.push({ unit, slot, life, seen, port: seen.port, state });
      }
    }
  }
  return rows;
}

const keyOf = ({ life, seen, port, state }: Row) => `${life.incarnation}:${seen.address}:${port}:${state}`;

function endpointOf({ unit, slot, life, seen, port, state }: Row): Endpoint {
  return {
    service: unit.spec.name,
    replica: slot.replica,
    incarnation: life.incarnation,
    address: seen.address,
    port,
    zone: life.zone,
    region: 'local',
    weight: 100,
    state,
    release: life.release,
  };
}

/** Publishes the table when it differs from the last published one. */
export function publishTable(work: Work): void {
  const { brain } = work;
  if (!brain.sawFull) return;
  const rows = rowsOf(brain.units, brain.observerSick !== undefined);
  const databases = databasesOf(brain.units);
  const ways = databases.length === 0 ? '' : ` ${JSON.stringify(databases)}`;
  const key = rows.map(keyOf).join(' ') + ways;
  if (key === brain.table.key && brain.table.seq > 0) return;
  const endpoints = rows.map(endpointOf);
  brain.table = { seq: brain.table.seq + 1, key, endpoints };
  const head = { version: 1, system: brain.system, epoch: brain.epoch, seq: brain.table.seq } as const;
  const table = { ...head, endpoints, ...(databases.length > 0 && { databases }) };
  give(
    work,
    { kind: 'PublishEndpoints', table },
    { reason: 'who serves has changed', deadlineMs: limits.publishDeadlineMs },
  );
}
