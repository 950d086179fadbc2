// The street map: which life answers for which service, derived anew in every step from what is seen and decided. Published only
// when it differs from the last one, or that could not be written. If everybody of a service would be out, the last known stay in as 'suspect':
// an empty map helps nobody.
import type { CommandId, CommandResult, Endpoint, ReplicaObservation, RotationState } from '@hale/model';
import { limits } from './limits.ts';
import { isReady } from './lives.ts';
import { databasesOf } from './postgres/ways.ts';
import type { Life, Slot, Unit } from './state.ts';
import { give, tell, type Work, wakeBy } from './work.ts';

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

/** Publishes the table when it differs from the last published one, or that is to be tried again. */
export function publishTable(work: Work): void {
  const { brain } = work;
  if (!brain.sawFull) return;
  const rows = rowsOf(brain.units, brain.observerSick !== undefined);
  const databases = databasesOf(brain.units);
  const ways = databases.length === 0 ? '' : ` ${JSON.stringify(databases)}`;
  const key = rows.map(keyOf).join(' ') + ways;
  const { retryAt = Number.POSITIVE_INFINITY } = brain.table;
  if (key === brain.table.key && brain.table.seq > 0 && work.now < retryAt) return void wakeBy(work, retryAt);
  const endpoints = rows.map(endpointOf);
  const seq = brain.table.seq + 1;
  const head = { version: 1, system: brain.system, epoch: brain.epoch, seq } as const;
  const table = { ...head, endpoints, ...(databases.length > 0 && { databases }) };
  const reason = key === brain.table.key ? 'the last table could not be written' : 'who serves has changed';
  const command = give(work, { kind: 'PublishEndpoints', table }, { reason, deadlineMs: limits.publishDeadlineMs });
  brain.table = { seq, key, endpoints, command, isOverdue: brain.table.isOverdue === true };
}

/** Whether it was an answer to the last table. Of one that was not written nobody has heard, and nothing else may change for hours. */
export function foldPublished(work: Work, command: CommandId, result: CommandResult): boolean {
  const { table } = work.brain;
  if (table.command !== command) return false;
  if (result.kind === 'done') work.brain.table = { ...table, isOverdue: false };
  if (result.kind !== 'failed' && result.kind !== 'timeout') return true;
  work.brain.table = { ...table, isOverdue: true, retryAt: work.now + limits.publishAgainMs };
  if (table.isOverdue === true) return true;
  const why = result.kind === 'failed' ? `${result.message} (${result.code})` : 'it took too long';
  tell(work, 'info', `the endpoint table could not be written: ${why}; until it can, the last one stands`);
  return true;
}
