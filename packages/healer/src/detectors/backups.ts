// What may be the matter with the backups of one database: none for too long, none that was proven, one that did not hold what it
// should, or a log that does not reach the store. It looks at what the backup process says, and at the time; nobody is accused of
// anything, and nothing but a person is asked for.
import { formatDuration } from '@hale/base';
import type { BackupObservation, CauseKind } from '@hale/model';
import { limits } from '../limits.ts';

export interface BackupFinding {
  readonly cause: Extract<CauseKind, 'backup-overdue' | 'proof-failed' | 'proof-overdue' | 'log-behind'>;
  readonly title: string;
  readonly evidence: readonly string[];
  /** What a person may type or look at. */
  readonly hint: string;
}

/** `now`: Unix ms, of the machine that the observation is from. */
export function findBackupTroubles(seen: BackupObservation, now: number): readonly BackupFinding[] {
  return [overdue(seen, now), failedProof(seen), overdueProof(seen, now), behind(seen, now)].filter(
    (finding) => finding !== undefined,
  );
}

function overdue(seen: BackupObservation, now: number): BackupFinding | undefined {
  const { database, lastBackup, everyMs, since } = seen;
  if (now - (lastBackup?.at ?? since) <= 2 * everyMs) return undefined;
  const last =
    lastBackup === undefined
      ? `store: no backup is known, looked for since ${formatDuration(now - since)}`
      : `store: the last backup, ${lastBackup.id}, is ${formatDuration(now - lastBackup.at)} old`;
  return {
    cause: 'backup-overdue',
    title: `the backup of ${database} is overdue`,
    evidence: [last, `declaration: one every ${formatDuration(everyMs)}`, ...sayError(seen)],
    hint: `hale backup now --db ${database} says what is in the way`,
  };
}

function failedProof({ database, lastProof }: BackupObservation): BackupFinding | undefined {
  if (lastProof === undefined || lastProof.ok) return undefined;
  return {
    cause: 'proof-failed',
    title: `a backup of ${database} was restored, and is not what it should be`,
    evidence: [`proof: ${lastProof.problem}`, `store: it was backup ${lastProof.backup}`],
    hint: `hale backup verify --db ${database} says how far the damage goes; an older backup may be whole`,
  };
}

function overdueProof(seen: BackupObservation, now: number): BackupFinding | undefined {
  const { database, lastBackup, lastProof, proveMs, since } = seen;
  // Where there is nothing to prove, that is what is said. A failed one is told as such.
  if (lastBackup === undefined || lastProof?.ok === false) return undefined;
  if (now - (lastProof?.at ?? since) <= 2 * proveMs) return undefined;
  const last =
    lastProof === undefined
      ? 'store: no backup was ever proven'
      : `store: the last proof is ${formatDuration(now - lastProof.at)} old`;
  return {
    cause: 'proof-overdue',
    title: `no backup of ${database} has been proven for too long`,
    evidence: [last, `declaration: one every ${formatDuration(proveMs)}`, ...sayError(seen)],
    hint: `hale backup prove --db ${database} says what is in the way`,
  };
}

function behind({ database, log }: BackupObservation, now: number): BackupFinding | undefined {
  if (log?.behindSince === undefined || now - log.behindSince <= limits.logBehindMs) return undefined;
  return {
    cause: 'log-behind',
    title: `the log of ${database} does not reach its store`,
    evidence: [
      `store: not complete for ${formatDuration(now - log.behindSince)}`,
      `spool: ${log.spoolBytes} bytes are kept here meanwhile`,
      ...(log.trouble === '' ? [] : [`backup: ${log.trouble}`]),
    ],
    hint: 'nothing acknowledged is dropped while the spool has room; look at the store and its credentials',
  };
}

function sayError({ lastError }: BackupObservation): readonly string[] {
  return lastError === '' ? [] : [`backup: ${lastError}`];
}
