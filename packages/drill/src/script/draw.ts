// The dice of a script: puts a replica in the place of each `unit/?`. The seed alone decides, so the same seed breaks the same
// one, and seeds that follow each other take turns (a replica that is broken too often uses up its budget).
import { type ReplicaId, replicaId, type SystemView } from '@hale/model';
import { drillError } from '../errors.ts';
import type { DrillAction, DrillScript } from './language.ts';

/** The script with every replica named. Throws HALE_DRILL_NO_REPLICA for a unit of which nothing serves. */
export function drawReplicas(script: DrillScript, seed: number, view: SystemView): DrillScript {
  const actions = script.actions.map((one) => ({ ...one, action: drawAction(one.action, seed, view) }));
  return { ...script, actions };
}

function drawAction(action: DrillAction, seed: number, view: SystemView): DrillAction {
  if (!('replica' in action) || !action.replica.endsWith('/?')) return action;
  const unit = action.replica.slice(0, -2);
  const ordinals = view.replicas
    .filter((one) => one.unit === unit && one.phase === 'serving')
    .map((one) => Number(one.replica.slice(unit.length + 1)))
    .sort((a, b) => a - b);
  const ordinal = ordinals[seed % Math.max(1, ordinals.length)];
  if (ordinal === undefined) throw drillError('HALE_DRILL_NO_REPLICA', `${unit} has no serving replica to drill`);
  return { ...action, replica: replicaId(unit, ordinal) };
}

/** What of the system an action is about. */
export interface Scope {
  /** Replicas that may have another life afterwards: whom it breaks, or who is ordered away. */
  readonly mayChange: readonly ReplicaId[];
  /** How many of each unit may be missing because of the fault itself. */
  readonly mayMiss: ReadonlyMap<string, number>;
}

/** All actions of a drawn script together. */
export function scopeOf(script: DrillScript, view: SystemView): Scope {
  const mayChange = new Set<ReplicaId>();
  const blind = new Set<string>();
  for (const { action } of script.actions) {
    if ('replica' in action) mayChange.add(action.replica);
    if (action.kind === 'restart' || action.kind === 'kill-every') addAll(mayChange, view, action.unit);
    if (action.kind !== 'bad-probe') continue;
    // Lying probes make nobody new in the whole system; in one unit they may cost it one replica at a time.
    if (action.unit !== 'all') addAll(mayChange, view, action.unit);
    for (const unit of view.units) if (action.unit === 'all' || unit.unit === action.unit) blind.add(unit.unit);
  }
  const rolled = new Set(script.actions.flatMap(({ action }) => (action.kind === 'restart' ? [action.unit] : [])));
  const mayMiss = new Map<string, number>();
  for (const { unit, wanted } of view.units) {
    const struck = [...mayChange].filter((one) => one.startsWith(`${unit}/`)).length;
    mayMiss.set(unit, blind.has(unit) ? wanted : rolled.has(unit) ? Math.min(1, wanted - 1) : struck);
  }
  return { mayChange: [...mayChange], mayMiss };
}

function addAll(into: Set<ReplicaId>, view: SystemView, unit: string): void {
  for (const one of view.replicas) if (one.unit === unit) into.add(one.replica);
}
