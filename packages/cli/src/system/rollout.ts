// Waits until what was declared is what runs. Level-based like the brain: it looks at views, and is content when the
// release is the wanted one, every service that had to be replaced runs it, all is healthy, and it stayed so for a moment.
import type { IncidentView, SystemView } from '@hale/model';
import { type Host, pause } from '../host.ts';
import { isAway, type RunningSystem } from './running.ts';

export interface RolloutWish {
  readonly release: number;
  /** Units whose every replica must run this release. */
  readonly replaced: readonly string[];
  readonly withinMs: number;
  readonly signal: AbortSignal;
  /** 'held': waits while Hale heals, and gives up with it. 'incident': the first trouble ends the wait. */
  readonly endsAt: 'held' | 'incident';
}

export type RolloutEnd =
  | { readonly kind: 'done' }
  /** One line for each service that does not come up. */
  | { readonly kind: 'trouble'; readonly lines: readonly string[] }
  | { readonly kind: 'interrupted' }
  /** Time is up; `why` names what is not there yet. */
  | { readonly kind: 'stuck'; readonly why: string };

const calmForMs = 600;
const lookEveryMs = 150;

/** Why `view` is not yet the wanted state; undefined when it is. */
export function whatIsMissing(view: SystemView, release: number, replaced: readonly string[]): string | undefined {
  if (view.release < release) return `release ${view.release} is still in force`;
  const old = view.replicas.find(
    (one) => replaced.includes(one.unit) && one.release < release && one.phase !== 'stopped',
  );
  if (old !== undefined) return `${old.replica} still runs release ${old.release}: ${old.why}`;
  const unit = view.units.find((one) => one.state !== 'healthy' && one.state !== 'degraded');
  if (unit !== undefined) return `${unit.unit} is ${unit.state}${unit.why === '' ? '' : `: ${unit.why}`}`;
  const moving = view.replicas.find((one) => one.phase !== 'serving' && one.phase !== 'stopped');
  if (moving !== undefined) return `${moving.replica} is ${moving.phase}${moving.why === '' ? '' : `: ${moving.why}`}`;
  return undefined;
}

/** What keeps services from serving: those given up for now, and at 'incident' also those that Hale is still busy with. */
export function whatIsWrong(view: SystemView, endsAt: RolloutWish['endsAt']): string[] {
  return view.units.flatMap((unit) => {
    if (unit.state === 'healthy' || unit.state === 'degraded' || unit.role === 'gateway') return [];
    if (unit.state === 'held') return [`${unit.unit} is held: ${unit.why}`];
    const incident = view.incidents.find((one) => one.unit === unit.unit && isStubborn(one));
    return endsAt === 'held' || incident === undefined ? [] : [`${unit.unit}: ${incident.title}`];
  });
}

/** The first try to heal it failed. Before that it may be over at once, as after a machine that lost its power. */
const isStubborn = ({ outcome, remedies }: IncidentView) =>
  outcome === 'open' && remedies.some((one) => one.outcome === 'failed');

export async function awaitRollout(host: Host, system: RunningSystem, wish: RolloutWish): Promise<RolloutEnd> {
  const deadline = host.clock.mono() + wish.withinMs;
  let calmSince: number | undefined;
  let why = 'the control room has not answered yet';
  while (!wish.signal.aborted) {
    try {
      const view = await system.api.system();
      const lines = view.release < wish.release ? [] : whatIsWrong(view, wish.endsAt);
      if (lines.length > 0) return { kind: 'trouble', lines };
      const missing = whatIsMissing(view, wish.release, wish.replaced);
      const now = host.clock.mono();
      if (missing === undefined) {
        calmSince ??= now;
        if (now - calmSince >= calmForMs) return { kind: 'done' };
      } else {
        calmSince = undefined;
        why = missing;
      }
    } catch (error) {
      if (!isAway(error)) throw error;
      calmSince = undefined;
    }
    if (host.clock.mono() >= deadline) return { kind: 'stuck', why };
    await pause(host.clock, lookEveryMs, wish.signal);
  }
  return { kind: 'interrupted' };
}
