// How the backups of each database stand, in one line: how old the last one is, when one was last proven, how far the log reaches, and what
// is in the way. Pure: what the process that takes them said, and the time, in; lines out.
import { formatBytes, formatDuration } from '@hale/base';
import type { BackupObservation } from '@hale/model';
import type { Style } from './words.ts';

/** `now`: Unix ms. */
export function renderBackups(
  backups: readonly BackupObservation[] | undefined,
  now: number,
  { paint }: Style,
): readonly string[] {
  return (backups ?? []).map((seen) => {
    const parts = [backupWords(seen, now), proofWords(seen, now), logWords(seen, now)].filter((words) => words !== '');
    const doing = seen.doing === undefined ? '' : `; a ${seen.doing} is under way`;
    const error = seen.lastError === '' ? '' : `; ${paint.bad(seen.lastError)}`;
    return `${paint.name(seen.database)}  ${parts.join(', ')}${doing}${error}`;
  });
}

function backupWords({ known, lastBackup }: BackupObservation, now: number): string {
  if (lastBackup !== undefined) return `backed up ${ago(lastBackup.at, now)}`;
  return known ? 'no backup yet' : 'the store was not read yet';
}

function proofWords({ lastBackup, lastProof }: BackupObservation, now: number): string {
  if (lastProof === undefined) return lastBackup === undefined ? '' : 'not proven yet';
  return lastProof.ok
    ? `proven ${ago(lastProof.at, now)} (restored in ${formatDuration(lastProof.rtoMs)})`
    : `proof failed ${ago(lastProof.at, now)}: ${lastProof.problem}`;
}

function logWords({ log }: BackupObservation, now: number): string {
  if (log === undefined) return 'the log is not followed';
  const until = log.completeUntil === 0 ? 'not known yet' : ago(log.completeUntil, now);
  const spool = log.spoolBytes === 0 ? '' : `, ${formatBytes(log.spoolBytes)} in the spool`;
  return `log complete until ${until}${spool}${log.trouble === '' ? '' : ` (${log.trouble})`}`;
}

function ago(at: number, now: number): string {
  return `${formatDuration(Math.max(0, Math.round(now - at)))} ago`;
}
