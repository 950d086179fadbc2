// The referees of a live drill: what happened, held against what must happen. Pure: pictures and ledgers in, verdict out.
// A referee never rounds in favour of the house; what it dislikes it says in words.
import type { IncidentView, ReplicaId, ReplicaView, SystemView } from '@hale/model';
import type { LiveDrill } from './drills.ts';
import type { DrillResult } from './hands.ts';

/** What the load generator's own ledger says of the drill. */
export interface LoadReport {
  readonly total: number;
  readonly failed: number;
  readonly severed: number;
  readonly unsent: number;
  readonly rps: number;
  readonly steadyP99Ms: number | undefined;
  readonly faultP99Ms: number | undefined;
  readonly lost: number;
  readonly doubled: number;
  /** The first reasons of what failed, for a person. */
  readonly reasons: readonly string[];
}

export interface Evidence {
  readonly drill: LiveDrill;
  readonly seed: number;
  readonly platform: string;
  readonly unit: string;
  /** Clock.mono() of the fault. */
  readonly struckAt: number;
  readonly before: SystemView;
  readonly after: SystemView;
  readonly broken: readonly ReplicaView[];
  /** Clock.mono() when the ending was seen; undefined when it never was. */
  readonly endedAt: number | undefined;
  readonly load: LoadReport;
  /** Tries that the gateway made again, during the drill. */
  readonly retried: number;
  /** Fewest serving replicas of the unit in any picture taken during the drill. */
  readonly servingMin: number;
}

export function judge(evidence: Evidence): DrillResult {
  const { drill, struckAt, load } = evidence;
  const incident = findIncident(evidence);
  const since = (at: { mono: number } | undefined) =>
    at === undefined ? undefined : Math.max(0, Math.round(at.mono - struckAt));
  const falseActions = listFalseActions(evidence);
  const budgetBreaches = countBudgetBreaches(evidence);
  const complaints = [
    ...(evidence.endedAt === undefined ? [`did not end as '${drill.ending}' within ${drill.withinMs} ms`] : []),
    ...(load.failed > 0 ? [`${load.failed} requests failed: ${load.reasons.join('; ')}`] : []),
    ...(load.severed > 0 && !drill.maySever
      ? [`${load.severed} connections were severed: ${load.reasons.join('; ')}`]
      : []),
    ...(load.lost > 0 ? [`${load.lost} acknowledged orders are lost`] : []),
    ...(load.doubled > 0 ? [`${load.doubled} orders are there twice`] : []),
    ...(budgetBreaches > 0 ? ['our own actions took the service below its floor'] : []),
    ...falseActions.map((replica) => `${replica} was restarted although nothing was wrong with it`),
  ];
  return {
    drill: drill.name,
    seed: evidence.seed,
    platform: evidence.platform,
    n: 1,
    verdict:
      complaints.length > 0
        ? 'failed'
        : drill.ending === 'held' || drill.ending === 'blamed-observer'
          ? 'escalated'
          : 'healed',
    suspectedMs: since(incident?.suspectedAt),
    detectedMs: since(incident?.condemnedAt ?? incident?.openedAt),
    isolatedMs: since(incident?.isolatedAt),
    recoveredMs: incident?.closedAt === undefined ? endOf(evidence) : since(incident.closedAt),
    requests: {
      total: load.total,
      failed: load.failed,
      severed: load.severed,
      retried: evidence.retried,
      rps: load.rps,
      steadyP99Ms: load.steadyP99Ms,
      faultP99Ms: load.faultP99Ms,
    },
    duplicates: load.doubled,
    ackedLost: load.lost,
    budgetBreaches,
    falseActions: falseActions.length,
    incident: incident?.id,
    complaints,
  };
}

/** Where no incident tells when it was over, the moment the ending was seen does. */
function endOf({ endedAt, struckAt }: Evidence): number | undefined {
  return endedAt === undefined ? undefined : Math.round(endedAt - struckAt);
}

/** The incident that the fault caused: the first about the unit that was opened after the strike. */
export function findIncident({
  after,
  struckAt,
  unit,
  drill,
}: Pick<Evidence, 'after' | 'struckAt' | 'unit' | 'drill'>): IncidentView | undefined {
  return after.incidents.find(
    (incident) => incident.openedAt.mono >= struckAt && (incident.unit === unit || drill.ending === 'blamed-observer'),
  );
}

/** Replicas with another life than before that nobody broke and nobody ordered away. */
export function listFalseActions({ drill, before, after, broken, unit }: Evidence): readonly ReplicaId[] {
  if (drill.ending === 'rolled') return changed(before, after).filter((replica) => !replica.startsWith(`${unit}/`));
  const struck = new Set(broken.map((one) => one.replica));
  return changed(before, after).filter((replica) => !struck.has(replica));
}

function changed(before: SystemView, after: SystemView): readonly ReplicaId[] {
  const lives = new Map(before.replicas.map((one) => [one.replica, one.incarnation]));
  const gone = after.replicas.filter((one) => lives.has(one.replica) && lives.get(one.replica) !== one.incarnation);
  return [...new Set(gone.map((one) => one.replica))];
}

/** INV-03: beyond what the fault itself took away, nothing may be missing. */
function countBudgetBreaches({ before, broken, unit, servingMin, drill }: Evidence): number {
  const had = before.units.find((one) => one.unit === unit)?.serving ?? 0;
  const allowed = drill.ending === 'rolled' ? Math.max(1, had - 1) : had - broken.length;
  return servingMin < allowed ? 1 : 0;
}

/** Whether the picture shows the drill's ending. */
export function hasEnded(evidence: Omit<Evidence, 'load' | 'retried' | 'endedAt' | 'servingMin'>): boolean {
  const { drill, before, after, unit, broken } = evidence;
  const picture = after.units.find((one) => one.unit === unit);
  const allServe = after.state === 'healthy' && picture !== undefined && picture.serving >= picture.wanted;
  switch (drill.ending) {
    case 'healed':
      return allServe && broken.every((one) => isReplaced(one, after)) && findIncident(evidence)?.outcome === 'healed';
    case 'adopted':
      return allServe && (drill.name === 'keeper-killed' || after.epoch > before.epoch);
    case 'rolled':
      return allServe && before.replicas.filter((one) => one.unit === unit).every((one) => isReplaced(one, after));
    case 'held':
      return picture?.state === 'held';
    case 'blamed-observer':
      return after.incidents.some(
        (incident) =>
          incident.openedAt.mono >= evidence.struckAt &&
          ['observer-or-shared-dependency', 'not-ready'].includes(incident.cause),
      );
  }
}

function isReplaced(old: ReplicaView, after: SystemView): boolean {
  const lives = after.replicas.filter((one) => one.replica === old.replica);
  return lives.length > 0 && lives.every((one) => one.incarnation !== old.incarnation && one.phase === 'serving');
}
