// What the process that takes backups says of each database: one small file, written beside and renamed each second, as relays and
// gateway workers do (decision 0002). The platform hands it on to the brain; `hale backup list` reads it too.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupObservation } from '@hale/model';

export interface BackupStats {
  readonly v: 1;
  /** Clock.wall() when it was written. */
  readonly at: number;
  readonly incarnation?: string | undefined;
  readonly pid: number;
  readonly databases: readonly BackupObservation[];
}

/** `backup/<ordinal>.json` in the runtime folder. */
export function backupStatsFile(runtimeDir: string, ordinal: number): string {
  return join(runtimeDir, 'backup', `${ordinal}.json`);
}

/** Undefined where there is none, or none that can be read. */
export function readBackupStats(file: string): BackupStats | undefined {
  try {
    const stats = JSON.parse(readFileSync(file, 'utf8')) as BackupStats;
    return stats.v === 1 && Array.isArray(stats.databases) ? stats : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what one life says; the file only when it was written anew. */
export function backupStatsReader(file: string, incarnation: string): () => readonly BackupObservation[] | undefined {
  let writtenMs = -1;
  let told: readonly BackupObservation[] | undefined;
  return () => {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined || found.mtimeMs === writtenMs) return told;
    writtenMs = found.mtimeMs;
    const stats = readBackupStats(file);
    told = stats?.incarnation === incarnation ? stats.databases : told;
    return told;
  };
}
