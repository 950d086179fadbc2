// The editor between the meters and the brain: lets through what changes a decision, and holds back what only flickers. Pure.
// A replica is told of when something of weight changed, and at least as often as its usage drifts; never more than 4 times a second,
// exits excepted. What its probes have newly found does not wait for its quarter of the second.
import type { BackupObservation, ReplicaObservation } from '@hale/model';

export const reportEveryMs = 250;
/** Steps in which a growing stall, silence or wait is told again. */
const stepMs = 500;
const logStepMs = 10_000;
const poorEveryMs = 2000;
const usageEveryMs = 5000;
/** A process that has just begun grows fast. */
const youngUsageEveryMs = 750;
const youngMs = 10_000;
const tellingsMax = 4;

/** What weighs: two observations with the same digest say the same to a detector. */
export function digestOf(seen: ReplicaObservation): string {
  const { process, heartbeat, startup, ready, live, traffic, usage } = seen;
  const pulse =
    heartbeat.kind === 'beating'
      ? [
          ...[heartbeat.stalledMs, heartbeat.lateMs ?? 0, heartbeat.longestPauseMs, heartbeat.loopLagMs].map(step),
          heartbeat.inspected,
        ]
      : heartbeat.kind === 'silent'
        ? [step(heartbeat.silentMs)]
        : [];
  return JSON.stringify([
    process,
    heartbeat.kind,
    pulse,
    [startup, ready, live].map(({ verdict, reason, failures }) => [verdict, reason, Math.min(failures, 3)]),
    traffic === undefined ? null : [traffic.errors > 0, step(traffic.oldestWaitMs)],
    usage === undefined ? null : step(usage.mainThreadStuckMs),
    seen.stack,
    seen.degraded?.map(({ name, cause }) => [name, cause]),
    seen.database && [
      seen.database.role,
      seen.database.term,
      seen.database.streaming,
      seen.database.disk,
      step(seen.database.unsharedMs ?? 0),
    ],
    seen.disk,
    seen.about,
    seen.trouble,
    seen.backups?.map(digestOfBackups),
    seen.lastWords?.length,
  ]);
}

/** The log's own progress is told every ten seconds. */
function digestOfBackups({
  database,
  known,
  lastBackup,
  lastProof,
  log,
  doing,
  lastError,
}: BackupObservation): unknown {
  const reached = Math.floor((log?.completeUntil ?? 0) / logStepMs);
  return [database, known, lastBackup?.id, lastProof?.at, doing, lastError, reached, log?.behindSince, log?.trouble];
}

/** What was told last of one replica. */
export interface Told {
  readonly atMs: number;
  /** When it was told before that, newest first; at most three. */
  readonly before: readonly number[];
  readonly digest: string;
  readonly observation: ReplicaObservation;
}

/** Whether `next` is to be told now. */
export function isWorthTelling(told: Told | undefined, next: ReplicaObservation, nowMs: number): boolean {
  if (told === undefined) return true;
  const isExit = next.process.kind === 'exited';
  if (isExit && JSON.stringify(next.process) !== JSON.stringify(told.observation.process)) return true;
  if (nowMs - told.atMs < reportEveryMs) return hasNewVerdict(told.observation, next) && hasRoom(told, nowMs);
  if (digestOf(next) !== told.digest) return true;
  // For how long it has been stopped is counted from look to look: one that shows nothing else must be told of all the same.
  if (next.process.kind === 'stopped' && nowMs - told.atMs >= stepMs) return true;
  // And for how long a database has answered nobody, or its disk has been full.
  if (isPoorDatabase(next) && nowMs - told.atMs >= poorEveryMs) return true;
  if (next.database?.disk === 'gone' && nowMs - told.atMs >= stepMs) return true;
  const everyMs = nowMs - next.startedAt < youngMs ? youngUsageEveryMs : usageEveryMs;
  return nowMs - told.atMs >= everyMs && hasDrifted(told.observation, next);
}

function isPoorDatabase({ database, disk, ready }: ReplicaObservation): boolean {
  if (disk === 'full') return true;
  return database !== undefined && (database.disk === 'full' || ready.verdict === 'fail');
}

/** What is to be kept of a telling. */
export function noteTold(told: Told | undefined, observation: ReplicaObservation, nowMs: number): Told {
  const before = told === undefined ? [] : [told.atMs, ...told.before].slice(0, tellingsMax - 1);
  return { atMs: nowMs, before, digest: digestOf(observation), observation };
}

function hasRoom(told: Told, nowMs: number): boolean {
  return [told.atMs, ...told.before].filter((atMs) => nowMs - atMs < 1000).length < tellingsMax;
}

function hasNewVerdict(told: ReplicaObservation, next: ReplicaObservation): boolean {
  return (['startup', 'ready', 'live'] as const).some((probe) => told[probe].verdict !== next[probe].verdict);
}

function hasDrifted(told: ReplicaObservation, next: ReplicaObservation): boolean {
  if (told.database?.logEnd !== next.database?.logEnd) return true;
  if (told.usage === undefined || next.usage === undefined) return told.usage !== next.usage;
  const rss = Math.abs(next.usage.rssBytes - told.usage.rssBytes) > told.usage.rssBytes * 0.05;
  const cpu = Math.abs(next.usage.cpuRatio - told.usage.cpuRatio) > 0.05;
  const requests = (told.traffic?.requests ?? 0) !== (next.traffic?.requests ?? 0);
  return rss || cpu || requests;
}

/** 0, then whole steps: 499 is 0, 500 is 1. */
function step(ms: number): number {
  return Math.floor(ms / stepMs);
}
