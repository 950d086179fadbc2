// The inspection: reads every object that the backups need, opens it, and looks whether the log has holes, without restoring
// anything. It says what is damaged and which backup suffers; a damaged chunk is remembered, so that the next backup stores it anew.
// That everything can be read is not yet a proof that it starts: that is what the restore drill is for.
import { type Clock, isHaleError } from '@hale/base';
import { markDamaged } from './chunk-shelf.ts';
import { createLanes } from './lanes.ts';
import { type BackupChunk, type BackupManifest, startOf } from './manifest.ts';
import { readChunk } from './restore-files.ts';
import { tipOf } from './restore-plan.ts';
import { wayTo } from './timeline.ts';
import { type Cluster, listBackupIds, manifestKey, readCluster, readManifest, type Vault } from './vault.ts';
import { lookAtWal } from './wal-look.ts';
import { parseLsn } from './wal-name.ts';
import { holeWords, type PlannedSegment } from './wal-plan.ts';
import { readSegment } from './wal-read.ts';
import { type Histories, readHistories } from './wal-shelf.ts';

export interface VerifiedBackup {
  readonly id: string;
  /** Empty: it can be restored, to its end and to everything after it. */
  readonly problems: readonly string[];
}

export interface Verification {
  readonly backups: readonly VerifiedBackup[];
  readonly chunks: number;
  readonly segments: number;
  readonly bytesRead: number;
}

export interface VerifyOrder {
  readonly clock: Clock;
  /** Only these; all without it. */
  readonly ids?: readonly string[];
  readonly onProgress?: (progress: { readonly objectsDone: number; readonly bytesRead: number }) => void;
}

const lanesCount = 4;

/** Throws HALE_PLATFORM_BACKUP_NONE, _KEY_*, _STORE_*; what is damaged is in the answer. */
export async function verify(vault: Vault, order: VerifyOrder): Promise<Verification> {
  const inspection = createInspection(vault, await readCluster(vault), order);
  const backups: VerifiedBackup[] = [];
  for (const id of order.ids ?? (await listBackupIds(vault))) {
    const problems = await inspection.look(id);
    const isAsked = problems.length === 0 || order.ids !== undefined;
    // One that a clean-up took away while it was looked at is gone, and not damaged.
    if (isAsked || (await vault.store.head(manifestKey(id))) !== undefined) backups.push({ id, problems });
  }
  return { backups, ...inspection.counts() };
}

interface Inspection {
  look(id: string): Promise<readonly string[]>;
  counts(): Omit<Verification, 'backups'>;
}

function createInspection(vault: Vault, cluster: Cluster, { clock, onProgress = () => {} }: VerifyOrder): Inspection {
  /** What each object had to say; '' for nothing. Backups share most of them, and each is read once. */
  const verdicts = new Map<string, string>();
  let bytesRead = 0;
  let histories: Histories | undefined;
  const counts = { chunks: 0, segments: 0 };

  const examine = async (name: string, read: () => Promise<Buffer>): Promise<void> => {
    if (verdicts.has(name)) return;
    verdicts.set(name, '');
    try {
      bytesRead += (await read()).length;
    } catch (error) {
      verdicts.set(name, wordsOf(error));
    }
    onProgress({ objectsDone: verdicts.size, bytesRead });
  };
  const lookAtChunk = async (chunk: BackupChunk): Promise<void> => {
    if (!verdicts.has(chunk.key)) counts.chunks++;
    await examine(chunk.key, () => readChunk(vault, chunk));
    // One that is missing is in nobody's way: the next backup stores it anew under its own name.
    if (verdicts.get(chunk.key) !== '' && (await vault.store.head(chunk.key)) !== undefined)
      await markDamaged(vault, chunk.key);
  };
  const lookAtSegment = async (planned: PlannedSegment, name: string): Promise<void> => {
    if (!verdicts.has(name)) counts.segments++;
    await examine(name, () => readSegment(vault, planned, cluster));
  };
  const lookAtLog = async (manifest: BackupManifest): Promise<readonly string[]> => {
    histories ??= await readHistories(vault);
    const start = startOf(manifest);
    const { ancestors } = histories;
    const way = wayTo(tipOf(manifest, ancestors), ancestors, start) ?? [];
    const wal = await lookAtWal(vault, way, { segmentBytes: cluster.segmentBytes, clock });
    const names = wal.segments.map((planned) => planned.pieces.map(({ key }) => key).join('+'));
    for (const [index, planned] of wal.segments.entries()) await lookAtSegment(planned, names[index] ?? '');
    return [
      ...names.map((name) => verdicts.get(name) ?? '').filter((words) => words !== ''),
      ...(wal.hole === undefined ? [] : [holeWords(wal.hole, cluster.segmentBytes)]),
      ...(wal.end < parseLsn(manifest.stopLsn) ? ['the log does not reach the end of the backup'] : []),
    ];
  };

  return {
    async look(id) {
      try {
        const manifest = await readManifest(vault, id, cluster);
        const lanes = createLanes(lanesCount);
        for (const chunk of manifest.chunks) await lanes.run(() => lookAtChunk(chunk));
        await lanes.drain();
        const chunks = new Set(manifest.chunks.map(({ key }) => verdicts.get(key) ?? ''));
        return [...[...chunks].filter((words) => words !== ''), ...(await lookAtLog(manifest))];
      } catch (error) {
        return [wordsOf(error)];
      }
    },
    counts: () => ({ ...counts, bytesRead }),
  };
}

/** What is wrong with an object is an answer; that the store does not answer is none. */
function wordsOf(error: unknown): string {
  if (isHaleError(error) && error.code.startsWith('HALE_PLATFORM_BACKUP_')) return error.message;
  throw error;
}
