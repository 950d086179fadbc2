// The travel plan of a restore: from which backup, along which branch of the log, with which segments, and how far that leads.
// Everything that can be refused is refused here, before a file is written.
import { type Clock, isHaleError } from '@hale/base';
import { backupError, isDamage } from './errors.ts';
import { type BackupManifest, endOf, majorOf, startOf, versionWords } from './manifest.ts';
import { chooseBackups, type KnownBackup, type Target, targetWords } from './target.ts';
import { newestTimeline, type Stretch, wayTo } from './timeline.ts';
import { type Cluster, listBackupIds, manifestKey, readCluster, readManifest, type Vault } from './vault.ts';
import { type Look, lookAtWal } from './wal-look.ts';
import { parseLsn, segmentNumber } from './wal-name.ts';
import { holeWords, type PlannedSegment, type WalPlan } from './wal-plan.ts';
import { findStamp, stampOfSegment } from './wal-read.ts';
import { type Histories, readHistories } from './wal-shelf.ts';

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

export interface PlanWish {
  /** Of the PostgreSQL that will run it. */
  readonly major: number;
  readonly clock: Clock;
  /** Hears which backup is looked at, before anything of it is read; the last one said is the one that is meant. */
  readonly onChoice?: (id: string) => void;
}

const lookAgainMax = 3;

/**
 * Throws HALE_PLATFORM_BACKUP_NONE, _UNKNOWN, _KEY_*, _DAMAGED, _FOREIGN, _MAJOR, _WAL_HOLE, _TARGET_EARLY, _TARGET_FUTURE.
 * A hole that may be about to be filled is waited for, ten seconds at most.
 */
export async function planRestore(vault: Vault, target: Target, wish: PlanWish): Promise<RestorePlan> {
  for (let left = lookAgainMax; ; left--) {
    const known = await knownBackups(vault);
    try {
      return await planOnce(vault, target, { ...wish, known });
    } catch (error) {
      const ids = await listBackupIds(vault);
      const isSame = ids.join() === known.map(({ id }) => id).join();
      if (isSame || !isHaleError(error) || left === 0) throw error;
      // A backup came or went while it was looked for: what was missing on the way from another is no answer. Who named one is told.
      if (target.kind !== 'backup') continue;
      const wasThere = known.some(({ id }) => id === target.id);
      throw wasThere && !ids.includes(target.id) ? takenAway(target.id) : error;
    }
  }
}

/** By a clean-up that was at work already, or on another machine. */
export function takenAway(id: string): Error {
  const words = `backup ${id} was taken away by a clean-up while it was being read`;
  return backupError('HALE_PLATFORM_BACKUP_UNKNOWN', words, { retriable: true });
}

async function planOnce(
  vault: Vault,
  target: Target,
  wish: PlanWish & { readonly known: readonly KnownBackup[] },
): Promise<RestorePlan> {
  const cluster = await readCluster(vault);
  const [newest, ...older] = chooseBackups(wish.known, target);
  wish.onChoice?.(newest?.id ?? '');
  const first = await readManifest(vault, newest?.id ?? '', cluster);
  // After the backups: the history of a timeline is there before any backup that was taken on it.
  const histories = await readHistories(vault);
  const journey = { vault, target, cluster, histories, wish };
  if (target.kind === 'backup') return planFrom(journey, first);
  const living = await livingLine(journey, { first, older });
  if (target.kind === 'latest' || living.id === first.id) return planFrom(journey, living);
  try {
    return await planFrom(journey, first);
  } catch (error) {
    // The line of the newest backup was left before that time; the database went on from an older one.
    if (!isCode(error, 'HALE_PLATFORM_BACKUP_TARGET_FUTURE', 'HALE_PLATFORM_BACKUP_WAL_HOLE')) throw error;
    return planFrom(journey, living);
  }
}

interface Journey {
  readonly vault: Vault;
  readonly target: Target;
  readonly cluster: Cluster;
  readonly histories: Histories;
  readonly wish: PlanWish;
}

/**
 * The newest backup that leads to the newest timeline that any leads to. The newest of all may lead to the end of a line that was left: it
 * was taken before the database was brought back to an earlier moment, or of a primary that nobody followed any more.
 */
async function livingLine(
  { vault, cluster, histories: { ancestors } }: Journey,
  { first, older }: { readonly first: BackupManifest; readonly older: readonly KnownBackup[] },
): Promise<BackupManifest> {
  const tip = Math.max(first.timeline, ...ancestors.keys());
  let best = first;
  for (const { id } of older) {
    if (tipOf(best, ancestors) === tip) break;
    const manifest = await readManifest(vault, id, cluster).catch((error: unknown) => {
      if (isDamage(error) || isCode(error, 'HALE_PLATFORM_BACKUP_UNKNOWN')) return undefined;
      throw error;
    });
    if (manifest !== undefined && tipOf(manifest, ancestors) > tipOf(best, ancestors)) best = manifest;
  }
  return best;
}

/** The newest timeline that goes on from a backup. */
export function tipOf(manifest: BackupManifest, ancestors: Histories['ancestors']): number {
  return newestTimeline(ancestors, endOf(manifest));
}

async function planFrom(
  { vault, target, cluster, histories, wish: { major, clock, onChoice } }: Journey,
  manifest: BackupManifest,
): Promise<RestorePlan> {
  const { id } = manifest;
  onChoice?.(id);
  if (majorOf(manifest.versionNumber) !== major) {
    throw backupError(
      'HALE_PLATFORM_BACKUP_MAJOR',
      `backup ${id} is of PostgreSQL ${versionWords(manifest.versionNumber)}, and here is ${major}`,
    );
  }
  // What a backup needs lies on the timeline on which it was taken.
  const timeline = target.kind === 'backup' ? manifest.timeline : tipOf(manifest, histories.ancestors);
  const way = wayTo(timeline, histories.ancestors, startOf(manifest)) ?? [];
  const look = { segmentBytes: cluster.segmentBytes, clock };
  const base = { target, cluster, manifest, timeline, histories: histories.texts };
  const stop = parseLsn(manifest.stopLsn);
  const assertWhole = (wal: WalPlan) => {
    if (wal.end < stop) throw holeError(wal, cluster, `the log does not even reach the end of backup ${id}`);
  };
  if (target.kind === 'backup') {
    const wal = await lookAtWal(vault, way, look);
    assertWhole(wal);
    const last = segmentNumber(stop - 1n, cluster.segmentBytes);
    const segments = wal.segments.filter(({ segment }) => segment.number <= last);
    return { ...base, segments, completeUntil: manifest.endedAt, toTheEnd: false };
  }
  const until = target.kind === 'time' ? target.at : Number.POSITIVE_INFINITY;
  const { wal, segments, completeUntil } = await survey(vault, way, { ...look, until });
  assertWhole(wal);
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

/** Oldest first; their ends are read from the outside of their envelopes. One that a clean-up takes away meanwhile is none. */
export async function knownBackups(vault: Vault): Promise<readonly KnownBackup[]> {
  const ids = await listBackupIds(vault);
  const known: KnownBackup[] = [];
  for (const id of ids) {
    const endedAt = await findStamp(vault, manifestKey(id));
    if (endedAt !== undefined) known.push({ id, endedAt });
  }
  return known;
}

/** The log and what it says of itself, of one moment: while it was looked through the receiver may have tidied it. */
async function survey(
  vault: Vault,
  way: readonly Stretch[],
  { until, ...look }: Look & { readonly until: number },
): Promise<Reach & { readonly wal: WalPlan }> {
  for (let left = lookAgainMax; ; left--) {
    const wal = await lookAtWal(vault, way, look);
    const reach = await untilTime(vault, wal.segments, until + marginMs);
    if (reach !== undefined) return { wal, ...reach };
    // Tidied each time: less is said than is true.
    if (left === 0) return { wal, segments: wal.segments, completeUntil: 0 };
  }
}

interface Reach {
  readonly segments: readonly PlannedSegment[];
  readonly completeUntil: number;
}

/** Undefined where something gave way to something better since it was listed. */
async function untilTime(vault: Vault, segments: readonly PlannedSegment[], until: number): Promise<Reach | undefined> {
  const isEndless = until === Number.POSITIVE_INFINITY;
  let completeUntil = 0;
  for (let done = 0; done < segments.length; done += headsAtOnce) {
    // For all of it backwards: after an outage there may be many segments of which nobody could say until when they are complete.
    const at = isEndless ? Math.max(0, segments.length - done - headsAtOnce) : done;
    const some = segments.slice(at, isEndless ? segments.length - done : done + headsAtOnce);
    const stamps = await Promise.all(some.map((planned) => stampOfSegment(vault, planned)));
    for (const [index, stamp] of stamps.entries()) {
      if (stamp === undefined) return undefined;
      completeUntil = Math.max(completeUntil, stamp);
      if (completeUntil >= until) return { segments: segments.slice(0, at + index + 1), completeUntil };
    }
    if (isEndless && completeUntil > 0) break;
  }
  return { segments, completeUntil };
}

function holeError(wal: WalPlan, cluster: Cluster, more: string): Error {
  const words = wal.hole === undefined ? 'the log ends too early' : holeWords(wal.hole, cluster.segmentBytes);
  return backupError('HALE_PLATFORM_BACKUP_WAL_HOLE', `${words}; ${more}`);
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return isHaleError(error) && codes.includes(error.code);
}

function timeWords(at: number): string {
  return at === 0 ? 'nothing' : new Date(at).toISOString();
}
