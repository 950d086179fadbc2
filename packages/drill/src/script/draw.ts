// The dice of a script: puts a replica in the place of each `unit/?`. The seed alone decides, so the same seed breaks the same
// one, and seeds that follow each other take turns (a replica that is broken too often uses up its budget).
import { type ReplicaId, replicaId, type SystemView } from '@hale/model';
import { drillError } from '../errors.ts';
import type { DrillAction, DrillScript } from './language.ts';

type StrikePrimary = Extract<DrillAction, { kind: 'strike-primary' }>;

/** The script with every replica named. Throws HALE_DRILL_NO_REPLICA for a unit of which nothing serves. */
export function drawReplicas(script: DrillScript, seed: number, view: SystemView): DrillScript {
  const actions = script.actions.map((one) => ({ ...one, action: drawAction(one.action, seed, view) }));
  // What cannot be struck is said before anything is broken.
  for (const { action } of actions) if (action.kind === 'strike-primary') victimsOf(action, seed, view);
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

/** Whether the script is about the nodes of a database cluster. */
export function needsCluster(script: DrillScript): boolean {
  return strikesOf(script).length > 0;
}

/**
 * Who is struck now: the primary, and where that is asked a standby that the seed draws. Throws HALE_DRILL_NO_CLUSTER for a unit that
 * has no standbys, HALE_DRILL_NO_REPLICA while there is no primary, or no standby.
 */
export function victimsOf(action: StrikePrimary, seed: number, view: SystemView): readonly ReplicaId[] {
  const nodes = view.replicas.filter((one) => one.unit === action.unit && one.database !== undefined);
  if (nodes.length === 0) {
    const isThere = view.units.some((one) => one.unit === action.unit);
    const why = isThere ? `${action.unit} has no standbys` : `there is no ${action.unit}`;
    throw drillError('HALE_DRILL_NO_CLUSTER', `${why}: this drill needs a database with a primary and standbys`);
  }
  const primary = nodes.find((one) => one.database === 'primary')?.replica;
  if (primary === undefined)
    throw drillError('HALE_DRILL_NO_REPLICA', `${action.unit} has no primary that could be struck`);
  if (!action.standbyToo) return [primary];
  const standbys = nodes.flatMap((one) => (one.database === 'standby' ? [one.replica] : [])).sort();
  const standby = standbys[seed % Math.max(1, standbys.length)];
  if (standby === undefined)
    throw drillError('HALE_DRILL_NO_REPLICA', `${action.unit} has no standby that could be struck`);
  return [primary, standby];
}

/** What of the system an action is about. */
export interface Scope {
  /** Replicas that may have another life afterwards: whom it breaks, or who is ordered away. */
  readonly mayChange: readonly ReplicaId[];
  /** How many of each unit may be missing because of the fault itself. */
  readonly mayMiss: ReadonlyMap<string, number>;
}

/** All actions of a drawn script together. */
export function scopeOf(script: DrillScript, seed: number, view: SystemView): Scope {
  const mayChange = new Set<ReplicaId>();
  addStruck(mayChange, strikesOf(script), { seed, view });
  const missed = missersOf(script, view);
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
    mayMiss.set(
      unit,
      blind.has(unit) || missed.has(unit) ? wanted : rolled.has(unit) ? Math.min(1, wanted - 1) : struck,
    );
  }
  return { mayChange: [...mayChange], mayMiss };
}

/** Adds who is struck: of one strike at a database that is known beforehand, later ones strike whoever is the primary then. */
function addStruck(
  into: Set<ReplicaId>,
  strikes: readonly StrikePrimary[],
  of: { seed: number; view: SystemView },
): void {
  for (const strike of strikes) {
    if (strikes.length > 1) addAll(into, of.view, strike.unit);
    else for (const victim of victimsOf(strike, of.seed, of.view)) into.add(victim);
  }
}

function strikesOf(script: DrillScript): readonly StrikePrimary[] {
  return script.actions.flatMap(({ action }) => (action.kind === 'strike-primary' ? [action] : []));
}

/** Units that use a database whose primary is struck, directly or not: they may miss it for a moment, and nobody is to do anything about that. */
export function missersOf(script: DrillScript, view: SystemView): ReadonlySet<string> {
  const missed = new Set<string>();
  for (let from = new Set(strikesOf(script).map((one) => one.unit)); from.size > 0; ) {
    const users = view.units.filter((one) => !missed.has(one.unit) && one.uses.some((name) => from.has(name)));
    from = new Set(users.map((one) => one.unit));
    for (const name of from) missed.add(name);
  }
  return missed;
}

function addAll(into: Set<ReplicaId>, view: SystemView, unit: string): void {
  for (const one of view.replicas) if (one.unit === unit) into.add(one.replica);
}
