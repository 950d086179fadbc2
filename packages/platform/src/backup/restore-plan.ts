// The travel plan of a restore: from which backup, along which branch of the log, with which segments, and how far that leads.
// Everything that can be refused is refused here, before a file is written.
import type { Clock } from '@hale/base';
import { backupError } from './errors.ts';
import { type BackupManifest, majorOf, startOf, versionWords } from './manifest.ts';
import { chooseBackup, type KnownBackup, type Target, targetWords } from './target.ts';
import { newestTimeline, wayTo } from './timeline.ts';
import { type Cluster, listBackupIds, manifestKey, readCluster, readManifest, type Vault } from './vault.ts';
import { lookAtWal } from './wal-look.ts';
import { parseLsn, segmentNumber } from './wal-name.ts';
import { holeWords, type PlannedSegment, type WalPlan } from './wal-plan.ts';
import { stampOfObject, stampOfSegment } from './wal-read.ts';
import { readHistories } from './wal-shelf.ts';

export interface RestorePlan {
  readonly target: Target;
  readonly cluster: Cluster;
  readonly manifest: BackupManifest;
  readonly timeline: number;
  readonly segments: readonly PlannedSegment[];
  /** Text of the history of every timeline that the store knows. */
  readonly histories: ReadonlyMap<number, Buffer>;
  /** Until when (Unix ms, the database's clock) these segments hold everything that was committed. */
  readonly completeUntil: number;
  /** Whether all of the log is replayed, so that its end must be reached. */
  readonly toTheEnd: boolean;
}

/** Commits are stamped a moment before they are written down: so much more log is taken along behind a point in time. */
const marginMs = 5_000;
const headsAtOnce = 16;

/**
 * Throws HALE_PLATFORM_BACKUP_NONE, _UNKNOWN, _KEY_*, _DAMAGED, _FOREIGN, _MAJOR, _WAL_HOLE, _TARGET_EARLY, _TARGET_FUTURE.
 * `major`: of the PostgreSQL that will run it. A hole that may be about to be filled is waited for, ten seconds at most.
 */
export async function planRestore(
  vault: Vault,
  target: Target,
  { major, clock }: { readonly major: number; readonly clock: Clock },
): Promise<RestorePlan> {
  const cluster = await readCluster(vault);
  const { id } = chooseBackup(await knownBackups(vault), target);
  const manifest = await readManifest(vault, id, cluster);
  if (majorOf(manifest.versionNumber) !== major) {
    throw backupError(
      'HALE_PLATFORM_BACKUP_MAJOR',
      `backup ${id} is of PostgreSQL ${versionWords(manifest.versionNumber)}, and here is ${major}`,
    );
  }
  const histories = await readHistories(vault);
  const start = startOf(manifest);
  // What a backup needs lies on the timeline on which it was taken.
  const timeline = target.kind === 'backup' ? manifest.timeline : newestTimeline(histories.ancestors, start);
  const way = wayTo(timeline, histories.ancestors, start) ?? [];
  const wal = await lookAtWal(vault, way, { segmentBytes: cluster.segmentBytes, clock });
  const stop = parseLsn(manifest.stopLsn);
  if (wal.end < stop) throw holeError(wal, cluster, `the log does not even reach the end of backup ${id}`);
  const base = { target, cluster, manifest, timeline, histories: histories.texts };
  if (target.kind === 'backup') {
    const last = segmentNumber(stop - 1n, cluster.segmentBytes);
    const segments = wal.segments.filter(({ segment }) => segment.number <= last);
    return { ...base, segments, completeUntil: manifest.endedAt, toTheEnd: false };
  }
  const until = target.kind === 'time' ? target.at : Number.POSITIVE_INFINITY;
  const { segments, completeUntil } = await untilTime(vault, wal.segments, until + marginMs);
  if (completeUntil >= until) return { ...base, segments, completeUntil, toTheEnd: false };
  if (wal.hole !== undefined) {
    throw holeError(wal, cluster, `${targetWords(target)} lies behind it; whole until ${timeWords(completeUntil)}`);
  }
  if (target.kind === 'time') {
    throw backupError(
      'HALE_PLATFORM_BACKUP_TARGET_FUTURE',
      `${targetWords(target)} is later than anything in the store, which is complete until ${timeWords(completeUntil)}`,
      { details: { latest: completeUntil } },
    );
  }
  return { ...base, segments, completeUntil: Math.max(completeUntil, manifest.endedAt), toTheEnd: true };
}

/** Oldest first; their ends are read from the outside of their envelopes. */
export async function knownBackups(vault: Vault): Promise<readonly KnownBackup[]> {
  const ids = await listBackupIds(vault);
  const known: KnownBackup[] = [];
  for (const id of ids) known.push({ id, endedAt: await stampOfObject(vault, manifestKey(id)) });
  return known;
}

async function untilTime(
  vault: Vault,
  segments: readonly PlannedSegment[],
  until: number,
): Promise<{ readonly segments: readonly PlannedSegment[]; readonly completeUntil: number }> {
  let completeUntil = 0;
  if (until === Number.POSITIVE_INFINITY) {
    const last = segments.slice(-headsAtOnce);
    const stamps = await Promise.all(last.map((planned) => stampOfSegment(vault, planned)));
    return { segments, completeUntil: Math.max(0, ...stamps) };
  }
  for (let at = 0; at < segments.length; at += headsAtOnce) {
    const some = segments.slice(at, at + headsAtOnce);
    const stamps = await Promise.all(some.map((planned) => stampOfSegment(vault, planned)));
    for (const [index, stamp] of stamps.entries()) {
      completeUntil = Math.max(completeUntil, stamp);
      if (completeUntil >= until) return { segments: segments.slice(0, at + index + 1), completeUntil };
    }
  }
  return { segments, completeUntil };
}

function holeError(wal: WalPlan, cluster: Cluster, more: string): Error {
  const words = wal.hole === undefined ? 'the log ends too early' : holeWords(wal.hole, cluster.segmentBytes);
  return backupError('HALE_PLATFORM_BACKUP_WAL_HOLE', `${words}; ${more}`);
}

function timeWords(at: number): string {
  return at === 0 ? 'nothing' : new Date(at).toISOString();
}
