// The diary of one database's backups: what is due next, and when. Pure: it is told what lies in the store and what failed, and gives
// the next task with its time; whoever keeps the diary does it. Of two that are due the copy comes first, because a proof needs one.
import type { BackupObservation } from '@hale/model';

export interface Plan {
  readonly everyMs: number;
  readonly proveMs: number;
}

export interface Known extends Pick<BackupObservation, 'since' | 'lastBackup' | 'lastProof'> {
  /** The log has a hole behind the last backup. */
  readonly hole: boolean;
  /** Proofs that came out badly in a row, as far as is remembered. */
  readonly failedProofs: number;
}

/** What failed in a row, by task, and when the last try ended. */
export interface Tries {
  readonly failures: number;
  readonly endedAt: number;
}

export interface Task {
  readonly kind: 'backup' | 'proof';
  /** Unix ms. */
  readonly dueAt: number;
}

/** So much of its time a task may come later than asked, by lot: many databases must not begin at once. */
const jitterShare = 0.05;
const firstWithinMs = 10_000;
/** A proof that failed is repeated: somebody may be mending. */
const failedProofAgainMs = 3_600_000;
const retryMinMs = 1_000;
const retryMaxMs = 900_000;

export const noTries: Tries = { failures: 0, endedAt: 0 };

/** `lot`: in [0, 1), drawn anew after each task. */
export function nextTask(
  plan: Plan,
  known: Known,
  { tries, lot }: { readonly tries: Readonly<Record<Task['kind'], Tries>>; readonly lot: number },
): Task {
  const backup = {
    kind: 'backup',
    dueAt: Math.max(backupDueAt(plan, known, lot), retryAt(tries.backup, plan.everyMs, lot)),
  } as const;
  const proofDue = proofDueAt(plan, known, lot);
  const proof = { kind: 'proof', dueAt: Math.max(proofDue, retryAt(tries.proof, plan.proveMs, lot)) } as const;
  return proof.dueAt < backup.dueAt ? proof : backup;
}

function backupDueAt(
  { everyMs }: Plan,
  { since, lastBackup, lastProof, hole, failedProofs }: Known,
  lot: number,
): number {
  if (lastBackup === undefined) return since + lot * Math.min(firstWithinMs, everyMs * jitterShare);
  // What was found damaged is stored anew by the next one.
  if (lastProof?.ok === false && lastBackup.at <= lastProof.at && failedProofs <= 1) return lastProof.at;
  return hole ? lastBackup.at : lastBackup.at + everyMs * (1 + lot * jitterShare);
}

function proofDueAt({ proveMs }: Plan, { lastBackup, lastProof, failedProofs }: Known, lot: number): number {
  if (lastBackup === undefined) return Number.POSITIVE_INFINITY;
  if (lastProof === undefined) return lastBackup.at;
  if (!lastProof.ok && lastBackup.at > lastProof.at && failedProofs <= 1) return lastBackup.at;
  const againMs = lastProof.ok ? proveMs : Math.min(proveMs, failedProofAgainMs);
  return lastProof.at + againMs * (1 + lot * jitterShare);
}

/** Twice as long after each failure, from half of it on by lot; never longer than the task's own time. */
function retryAt({ failures, endedAt }: Tries, everyMs: number, lot: number): number {
  if (failures === 0) return Number.NEGATIVE_INFINITY;
  const waitMs = Math.min(retryMinMs * 2 ** Math.min(failures - 1, 20), retryMaxMs, Math.max(retryMinMs, everyMs));
  return endedAt + waitMs * (0.5 + lot / 2);
}
