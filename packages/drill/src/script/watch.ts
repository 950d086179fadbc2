// The stopwatch of a drill: looks at each picture and writes down when which ending was first to be seen. It does not judge.
import type { IncidentView, SystemView } from '@hale/model';
import type { DrillExpectation } from './language.ts';

export type Ending = Extract<DrillExpectation, { withinMs: number }>['kind'];

export interface Watch {
  /** When the first fault struck, on the hands' clock; undefined until then. */
  readonly strikeAt: number | undefined;
  readonly before: SystemView;
  readonly seenAt: ReadonlyMap<Ending, number>;
  /** Fewest serving replicas of each unit in any picture. */
  readonly servingMin: ReadonlyMap<string, number>;
  readonly last: SystemView;
  /** A fault struck; the first one counts. */
  strike(at: number): void;
  /** Looks at a picture. `struck`: everything that the script breaks is broken, so that what is well now has healed. */
  note(view: SystemView, now: number, struck: boolean): void;
}

/** An incident of one of `missers` that goes away by itself is as good as healed: what it missed is back. */
export function createWatch(before: SystemView, missers: ReadonlySet<string> = new Set()): Watch {
  const seenAt = new Map<Ending, number>();
  const servingMin = new Map(before.units.map((unit) => [unit.unit, unit.serving]));
  const old = new Set(before.replicas.map((one) => one.incarnation));
  let last = before;
  let strikeAt: number | undefined;
  const reach = (ending: Ending, at: number) => {
    if (!seenAt.has(ending)) seenAt.set(ending, at);
  };
  return {
    get strikeAt() {
      return strikeAt;
    },
    before,
    seenAt,
    servingMin,
    get last() {
      return last;
    },
    strike(at) {
      strikeAt ??= at;
    },
    note(view, now, struck) {
      last = view;
      const healthy = view.units.every((unit) => unit.state === 'healthy' || unit.state === 'stopped');
      const incidents = freshIncidents(before, view);
      for (const one of incidents) {
        if (one.suspectedAt !== undefined) reach('suspected', one.suspectedAt.mono);
        if (one.cause === 'observer-or-shared-dependency') reach('observer-blamed', one.openedAt.mono);
      }
      for (const { unit, serving } of view.units)
        servingMin.set(unit, Math.min(serving, servingMin.get(unit) ?? serving));
      if (view.units.some((unit) => unit.state === 'held')) reach('held', now);
      if (hasOtherPrimary(before, view)) reach('failed-over', now);
      if (!struck) return;
      // Healed is what stays healed: the next incident takes the word back.
      const closed = incidents.map((one) => one.closedAt?.mono ?? now);
      const isHealed = (one: IncidentView) =>
        one.outcome === 'healed' || (one.outcome === 'inconclusive' && missers.has(one.unit));
      if (!healthy || incidents.length === 0 || !incidents.every(isHealed)) seenAt.delete('healed');
      else reach('healed', Math.max(...closed));
      const same = view.replicas.every((one) => old.has(one.incarnation));
      if (healthy && view.epoch > before.epoch && same) reach('adopted', now);
      if (healthy && isRolled(before, view, old)) reach('rolled', now);
    },
  };
}

/** Incidents that were not there before. */
export function freshIncidents(before: SystemView, view: SystemView): readonly IncidentView[] {
  const known = new Set(before.incidents.map((one) => one.id));
  return view.incidents.filter((one) => !known.has(one.id));
}

function hasOtherPrimary(before: SystemView, view: SystemView): boolean {
  const old = before.replicas.filter((one) => one.database === 'primary');
  return view.replicas.some(
    (one) => one.database === 'primary' && old.some((was) => was.unit === one.unit && was.replica !== one.replica),
  );
}

/** Some unit has none of its former lives left. */
function isRolled(before: SystemView, view: SystemView, old: ReadonlySet<string | undefined>): boolean {
  return before.units.some((unit) => {
    const rows = view.replicas.filter((one) => one.unit === unit.unit);
    return rows.length > 0 && rows.every((one) => one.phase === 'serving' && !old.has(one.incarnation));
  });
}
