// The referees of a drill, simulated or live: what was seen, held against what the script expects and what must never happen. Pure:
// pictures and ledgers in, verdict out. A referee never rounds in favour of the house; what it dislikes it says in words.
import { formatDuration } from '@hale/base';
import type { IncidentView, ReplicaId, SystemView } from '@hale/model';
import { gatewayUnit } from '@hale/model';
import { type Scope, scopeOf } from './draw.ts';
import type { LoadAccount } from './hands.ts';
import type { DrillExpectation, DrillScript } from './language.ts';
import type { DrillLine } from './result.ts';
import { freshIncidents, type Watch } from './watch.ts';

export interface Evidence {
  /** With every replica named (draw.ts). */
  readonly script: DrillScript;
  readonly seed: number;
  readonly platform: string;
  /** See DrillHands. */
  readonly mayTakeMs: (withinMs: number) => number;
  readonly watch: Pick<Watch, 'strikeAt' | 'before' | 'seenAt' | 'servingMin' | 'last'>;
  readonly load: LoadAccount | undefined;
}

export function judge(evidence: Evidence): DrillLine {
  const { script, watch, load } = evidence;
  const scope = scopeOf(script, evidence.seed, watch.before);
  const falseActions = listFalseActions(scope, watch.before, watch.last);
  const tooFew = listTooFew(scope, watch);
  const complaints = [
    ...script.expectations.flatMap((one) => complainOfEnding(evidence, one) ?? []),
    ...(load === undefined ? [] : complainOfLoad(script, load)),
    ...tooFew.map((unit) => `our own actions took ${unit} below its floor`),
    ...falseActions.map((replica) => `${replica} was restarted although nothing was wrong with it`),
  ];
  const { seenAt, strikeAt } = watch;
  const incident = findIncident(scope, watch);
  const since = (at: number | undefined) =>
    at === undefined || strikeAt === undefined ? undefined : Math.max(0, Math.round(at - strikeAt));
  const escalated = (seenAt.has('held') || seenAt.has('observer-blamed')) && !seenAt.has('healed');
  return {
    drill: script.name,
    seed: evidence.seed,
    platform: evidence.platform,
    n: 1,
    verdict: complaints.length > 0 ? 'failed' : escalated ? 'escalated' : 'healed',
    suspectedMs: since(incident?.suspectedAt?.mono),
    detectedMs: since(incident?.condemnedAt?.mono ?? incident?.openedAt.mono),
    isolatedMs: since(incident?.isolatedAt?.mono),
    recoveredMs: since(seenAt.get('healed') ?? seenAt.get('adopted') ?? seenAt.get('rolled')),
    failedOverMs: since(seenAt.get('failed-over')),
    requests: load === undefined ? undefined : requestsOf(load),
    duplicates: load?.doubled ?? 0,
    ackedLost: load?.lost ?? 0,
    budgetBreaches: tooFew.length,
    falseActions: falseActions.length,
    incident: incident?.id,
    complaints,
  };
}

function requestsOf({ total, failed, severed, retried, rps, steadyP99Ms, faultP99Ms }: LoadAccount) {
  return { total, failed, severed, retried, rps, steadyP99Ms, faultP99Ms };
}

function complainOfEnding({ watch, mayTakeMs, load }: Evidence, expected: DrillExpectation): string | undefined {
  if (expected.kind === 'failed') {
    if (load === undefined || load.failed <= expected.max) return undefined;
    return `${load.failed} requests failed, at most ${expected.max} may: ${load.reasons.join('; ')}`;
  }
  if (expected.kind === 'restarts') {
    const count = restartsOf(watch.last) - restartsOf(watch.before);
    return count <= expected.max ? undefined : `${count} restarts, at most ${expected.max} may be`;
  }
  const at = watch.seenAt.get(expected.kind);
  if (at === undefined) return `never ${expected.kind}`;
  const tookMs = at - (watch.strikeAt ?? at);
  const allowedMs = mayTakeMs(expected.withinMs);
  if (tookMs <= allowedMs) return undefined;
  return `${expected.kind} after ${formatDuration(tookMs)}, expected within ${formatDuration(allowedMs)}`;
}

/** Connections may break only with a gateway worker that is broken; what was acknowledged is there, once. */
function complainOfLoad(script: DrillScript, load: LoadAccount): string[] {
  const maySever = script.actions.some(
    ({ action }) => 'replica' in action && action.replica.startsWith(`${gatewayUnit}/`),
  );
  return [
    ...(load.severed > 0 && !maySever ? [`${load.severed} connections were severed: ${load.reasons.join('; ')}`] : []),
    ...(load.lost > 0 ? [`${load.lost} acknowledged records are lost`] : []),
    ...(load.doubled > 0 ? [`${load.doubled} records are there twice`] : []),
    ...(load.total === 0 ? ['no request was sent: there is nothing to judge by'] : []),
  ];
}

/** The incident that the fault caused: the first about what was broken, else the first at all. */
function findIncident(scope: Scope, { before, last }: Evidence['watch']): IncidentView | undefined {
  const fresh = freshIncidents(before, last).toSorted((a, b) => a.openedAt.mono - b.openedAt.mono);
  return fresh.find((one) => one.replicas.some((replica) => scope.mayChange.includes(replica))) ?? fresh[0];
}

/** Replicas with another life than before that nobody broke and nobody ordered away (INV-08 after the death of control). */
export function listFalseActions(scope: Scope, before: SystemView, after: SystemView): readonly ReplicaId[] {
  const lives = new Map(before.replicas.map((one) => [one.replica, one.incarnation]));
  const changed = after.replicas.filter(
    (one) => lives.has(one.replica) && lives.get(one.replica) !== one.incarnation && one.incarnation !== undefined,
  );
  return [...new Set(changed.map((one) => one.replica))].filter((one) => !scope.mayChange.includes(one));
}

/** INV-03: beyond what the fault itself took away, nothing may be missing. */
function listTooFew(scope: Scope, { before, servingMin }: Evidence['watch']): readonly string[] {
  return before.units
    .filter(({ unit, serving }) => (servingMin.get(unit) ?? serving) < serving - (scope.mayMiss.get(unit) ?? 0))
    .map(({ unit }) => unit);
}

function restartsOf(view: SystemView): number {
  const bySlot = new Map(view.replicas.map((one) => [one.replica, one.restarts]));
  return [...bySlot.values()].reduce((sum, one) => sum + one, 0);
}
