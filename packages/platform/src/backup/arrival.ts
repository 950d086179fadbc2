// The conductor at the terminus: did the restore arrive where it was sent? PostgreSQL calls it success when the log merely stops making
// sense. Here the log is looked at once more from the place where it stopped: if a whole record follows, it should have been
// replayed, and what was restored is less than what there was.
import { backupError } from './errors.ts';
import type { RunningServer } from './recovery.ts';
import type { RestorePlan } from './restore-plan.ts';
import { targetWords } from './target.ts';
import type { Vault } from './vault.ts';
import { formatLsn, type Lsn, parseLsn, segmentNumber } from './wal-name.ts';
import { goesOnAt } from './wal-pages.ts';
import { readSegment } from './wal-read.ts';

/** Throws HALE_PLATFORM_BACKUP_END. */
export async function assertArrived(
  vault: Vault,
  plan: RestorePlan,
  server: Pick<RunningServer, 'replayedTo' | 'stoppedAtTarget' | 'lastTransactionAt'>,
): Promise<void> {
  const { target, manifest } = plan;
  const reached = parseLsn(server.replayedTo);
  const refuse = (why: string) =>
    backupError(
      'HALE_PLATFORM_BACKUP_END',
      `the restore to ${targetWords(target)} stopped at ${server.replayedTo}: ${why}`,
    );
  if (reached < parseLsn(manifest.stopLsn)) throw refuse(`the backup is whole only from ${manifest.stopLsn} on`);
  if (target.kind === 'time' && (server.lastTransactionAt ?? 0) > target.at + 1) {
    throw refuse(`it holds a commit of ${new Date(server.lastTransactionAt ?? 0).toISOString()}`);
  }
  if (server.stoppedAtTarget) return;
  if (await goesOn(vault, plan, reached))
    throw refuse(`the log goes on at ${formatLsn(reached)}, and could not be read`);
}

async function goesOn(vault: Vault, plan: RestorePlan, at: Lsn): Promise<boolean> {
  const { segmentBytes } = plan.cluster;
  const number = segmentNumber(at, segmentBytes);
  // Where two timelines share a segment, the younger one's is what was replayed.
  const here = plan.segments.filter(({ segment }) => segment.number === number).at(-1);
  if (here === undefined) return plan.segments.some(({ segment }) => segment.number > number);
  const content = await readSegment(vault, here, plan.cluster);
  const next = plan.segments.find(({ segment }) => segment.number === number + 1n);
  const more = next === undefined ? [] : [await readSegment(vault, next, plan.cluster)];
  return goesOnAt(Buffer.concat([content, ...more]), at, segmentBytes);
}
