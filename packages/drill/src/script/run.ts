// Plays a script with a pair of hands: waits, breaks, watches, and judges at the end. It knows nothing of where it is played.
import { formatDuration } from '@hale/base';
import type { IncidentView, SystemView } from '@hale/model';
import type { DrillHands } from './hands.ts';
import type { DrillExpectation, DrillScript } from './language.ts';
import type { DrillLine } from './result.ts';

const lookEveryMs = 250;

interface Watch {
  readonly strikeAt: number;
  readonly before: SystemView;
  /** When each ending was first seen, on the hands' clock. */
  readonly seenAt: Map<string, number>;
  last: SystemView;
}

/** Plays it to its end. The system must be healthy before; what the hands cannot do is thrown by them. */
export async function runDrill(script: DrillScript, hands: DrillHands): Promise<DrillLine> {
  const began = hands.now();
  const before = await hands.view();
  if (before === undefined) return line(script, hands, { complaints: ['nobody answered before the drill began'] });
  const pending = [...script.actions].sort((a, b) => a.atMs - b.atMs);
  const strikeAt = began + (pending[0]?.atMs ?? 0);
  const watch: Watch = { strikeAt, before, seenAt: new Map(), last: before };
  while (hands.now() - began < script.forMs) {
    const next = pending[0];
    const elapsed = hands.now() - began;
    if (next !== undefined && next.atMs <= elapsed) {
      pending.shift();
      await hands.perform(next.action);
      continue;
    }
    const until = Math.min(next?.atMs ?? script.forMs, script.forMs);
    await hands.wait(Math.max(1, Math.min(lookEveryMs, until - elapsed)));
    const view = await hands.view();
    if (view !== undefined && hands.now() > strikeAt) note(watch, view, hands.now());
  }
  const requests = await hands.requests();
  const complaints = script.expectations.flatMap((one) => complain(watch, one, requests?.failed) ?? []);
  return line(script, hands, { complaints, requests, watch });
}

function fresh(watch: Watch, view: SystemView): readonly IncidentView[] {
  const known = new Set(watch.before.incidents.map((one) => one.id));
  return view.incidents.filter((one) => !known.has(one.id));
}

/** Writes down which endings can be seen now. */
function note(watch: Watch, view: SystemView, now: number): void {
  watch.last = view;
  const incidents = fresh(watch, view);
  const reach = (ending: string, at: number) => {
    if (!watch.seenAt.has(ending)) watch.seenAt.set(ending, at);
  };
  const healthy = view.units.every((unit) => unit.state === 'healthy' || unit.state === 'stopped');
  for (const one of incidents) {
    if (one.suspectedAt !== undefined) reach('suspected', one.suspectedAt.mono);
    if (one.cause === 'observer-or-shared-dependency') reach('observer-blamed', one.openedAt.mono);
  }
  const closed = incidents.map((one) => one.closedAt?.mono ?? now);
  if (healthy && incidents.length > 0 && incidents.every((one) => one.outcome === 'healed'))
    reach('healed', Math.max(...closed));
  if (view.units.some((unit) => unit.state === 'held')) reach('held', now);
  const lives = (of: SystemView) => new Set(of.replicas.map((one) => one.incarnation));
  const old = lives(watch.before);
  const same = view.replicas.every((one) => old.has(one.incarnation));
  if (healthy && view.epoch > watch.before.epoch && same) reach('adopted', now);
  if (healthy && isRolled(watch, view, old)) reach('rolled', now);
}

/** Some unit has none of its former lives left. */
function isRolled(watch: Watch, view: SystemView, old: ReadonlySet<string | undefined>): boolean {
  return watch.before.units.some((unit) => {
    const rows = view.replicas.filter((one) => one.unit === unit.unit);
    return rows.length > 0 && rows.every((one) => one.phase === 'serving' && !old.has(one.incarnation));
  });
}

function complain(watch: Watch, expected: DrillExpectation, failed: number | undefined): string | undefined {
  if (expected.kind === 'failed') {
    return failed === undefined || failed <= expected.max
      ? undefined
      : `${failed} requests failed, at most ${expected.max} may`;
  }
  if (expected.kind === 'restarts') {
    const count = restartsOf(watch.last) - restartsOf(watch.before);
    return count <= expected.max ? undefined : `${count} restarts, at most ${expected.max} may be`;
  }
  const at = watch.seenAt.get(expected.kind);
  if (at === undefined) return `never ${expected.kind}`;
  const tookMs = at - watch.strikeAt;
  if (tookMs <= expected.withinMs) return undefined;
  return `${expected.kind} after ${formatDuration(tookMs)}, expected within ${formatDuration(expected.withinMs)}`;
}

function restartsOf(view: SystemView): number {
  const bySlot = new Map(view.replicas.map((one) => [one.replica, one.restarts]));
  return [...bySlot.values()].reduce((sum, one) => sum + one, 0);
}

function line(
  script: DrillScript,
  hands: DrillHands,
  of: { complaints: readonly string[]; requests?: DrillLine['requests']; watch?: Watch },
): DrillLine {
  const { watch } = of;
  const incident = watch === undefined ? undefined : fresh(watch, watch.last)[0];
  const since = (at: number | undefined) =>
    at === undefined || watch === undefined ? undefined : Math.round(at - watch.strikeAt);
  const escalated = watch?.seenAt.has('held') === true && !watch.seenAt.has('healed');
  return {
    drill: script.name,
    seed: hands.seed,
    platform: hands.platform,
    n: 1,
    verdict: of.complaints.length > 0 ? 'failed' : escalated ? 'escalated' : 'healed',
    suspectedMs: since(incident?.suspectedAt?.mono),
    detectedMs: since(incident?.condemnedAt?.mono ?? incident?.openedAt.mono),
    isolatedMs: since(incident?.isolatedAt?.mono),
    recoveredMs: since(watch?.seenAt.get('healed') ?? watch?.seenAt.get('adopted') ?? watch?.seenAt.get('rolled')),
    requests: of.requests,
    incident: incident?.id,
    complaints: of.complaints,
  };
}
