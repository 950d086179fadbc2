// One drill, or one after the other, on a system that runs. Waits until the system is well, aims the script at the service that is to be
// drilled, plays it, and gives the patients their time between two faults.
import type { Clock } from '@hale/base';
import type { SystemView } from '@hale/model';
import { drillError } from '../errors.ts';
import type { DrillAction, DrillScript } from '../script/language.ts';
import type { DrillLine } from '../script/result.ts';
import { runDrill } from '../script/run.ts';
import { pause } from './crowd.ts';
import type { LiveHands } from './hands.ts';
import type { LoadPlan } from './load/plan.ts';
import { createLiveDrill } from './script-hands.ts';

export interface LiveRunOptions {
  readonly script: DrillScript;
  readonly hands: LiveHands;
  readonly clock: Clock;
  readonly seed: number;
  /** The service to drill; undefined: the one that the script names, else the one with the most replicas. */
  readonly service: string | undefined;
  readonly plan: LoadPlan;
  /** Requests a second instead of what the script says. */
  readonly rps: number | undefined;
  readonly signal: AbortSignal;
  readonly onAction?: ((action: DrillAction) => void) | undefined;
}

const readyWithinMs = 60_000;
const lingerMs = 1_000;
/** What the scripts of this house drill. */
const homeService = 'pricing';

/** Plays it once. Throws HALE_DRILL_NOT_HEALTHY when the system is not well to begin with. */
export async function runLiveDrill(options: LiveRunOptions): Promise<DrillLine> {
  const { hands, clock, signal } = options;
  const view = await waitUntilHealthy(hands, clock, signal);
  const aimed = aimAt(options.script, options.service ?? serviceOf(options.script, view));
  const actions = aimed.actions.map((one) => ({ ...one, action: aimAtDatabase(one.action, view) }));
  const script = { ...aimed, actions };
  return runDrill(script, createLiveDrill(options), { lingerMs });
}

/** What the scripts of this house call a database; in another house the first that has standbys is meant. */
const homeDatabase = 'db';

function aimAtDatabase(action: DrillAction, view: SystemView): DrillAction {
  if (action.kind !== 'strike-primary' || action.unit !== homeDatabase) return action;
  const isHere = view.units.some((one) => one.unit === homeDatabase);
  const other = view.replicas.find((one) => one.database !== undefined);
  return isHere || other === undefined ? action : { ...action, unit: other.unit };
}

/** The same script, with another service in the place of the house's own. */
function aimAt(script: DrillScript, service: string): DrillScript {
  const aim = <T extends string>(name: T) =>
    (name === homeService || name.startsWith(`${homeService}/`) ? service + name.slice(homeService.length) : name) as T;
  const aimAction = (action: DrillAction): DrillAction => {
    if ('replica' in action) return { ...action, replica: aim(action.replica) };
    return 'unit' in action ? { ...action, unit: aim(action.unit) } : action;
  };
  return { ...script, actions: script.actions.map((one) => ({ ...one, action: aimAction(one.action) })) };
}

function serviceOf(script: DrillScript, view: SystemView): string {
  const services = view.units.filter((unit) => unit.role === 'service').toSorted((a, b) => b.wanted - a.wanted);
  const named = services.find((unit) => unit.unit === homeService) ?? services[0];
  if (named !== undefined) return named.unit;
  throw drillError('HALE_DRILL_NO_REPLICA', `there is no service for '${script.name}'`);
}

/**
 * Milliseconds from one strike to the next of the same drill, so that neither the budget (5 actions a minute of a replica, 10 of
 * a unit) is used up nor a replica dies twice within the time that counts as one illness. Seeds in a row take turns.
 */
export function pauseBetweenRunsMs(script: DrillScript, view: SystemView): number {
  const struck = script.actions.flatMap(({ action }) => {
    const unit = 'replica' in action ? action.replica.split('/')[0] : 'unit' in action ? action.unit : undefined;
    const replicas = view.units.find((one) => one.unit === unit)?.wanted ?? 1;
    return unit === undefined ? [] : [{ replicas, share: 'replica' in action ? 1 / replicas : 1 }];
  });
  const perReplicaMs = Math.max(0, ...struck.map(({ share }) => share * 36_000));
  const perUnitMs = Math.max(0, ...struck.map(({ replicas, share }) => replicas * share * 7_000));
  const lasting = Math.max(
    0,
    ...script.actions.map(({ action }) => ('forMs' in action && action.kind !== 'block' ? 60_000 : 0)),
  );
  return Math.max(perReplicaMs, perUnitMs, lasting);
}

/** Throws HALE_DRILL_NOT_HEALTHY after a minute, HALE_DRILL_INTERRUPTED when a person wants no more. */
export async function waitUntilHealthy(hands: LiveHands, clock: Clock, signal: AbortSignal): Promise<SystemView> {
  const until = clock.mono() + readyWithinMs;
  for (;;) {
    const view = await hands.view();
    if (view?.state === 'healthy') return view;
    if (signal.aborted) throw drillError('HALE_DRILL_INTERRUPTED', 'interrupted while the system was not well yet');
    if (clock.mono() > until) {
      const why = view?.units.filter((unit) => unit.state !== 'healthy').map((unit) => `${unit.unit}: ${unit.why}`);
      const said = why?.join('; ') ?? 'the control room does not answer';
      throw drillError('HALE_DRILL_NOT_HEALTHY', `the system is not healthy to begin with (${said})`);
    }
    await pause(clock, 100, signal);
  }
}
