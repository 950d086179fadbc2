// Where a restore shall arrive, and from which backup it sets out. PostgreSQL itself takes a target before the backup for a wish and
// stops silently at the backup's end; here it is refused with the time that can be reached.
import { backupError } from './errors.ts';
import { isBackupId } from './manifest.ts';

export type Target =
  | { readonly kind: 'latest' }
  /** Unix ms: everything that was committed until then, and nothing after. */
  | { readonly kind: 'time'; readonly at: number }
  /** The moment at which that backup was whole. */
  | { readonly kind: 'backup'; readonly id: string };

export interface KnownBackup {
  readonly id: string;
  /** Unix ms by the database's clock. */
  readonly endedAt: number;
}

/** Throws HALE_PLATFORM_BACKUP_TARGET_WORDS. A time without a zone would be somebody's guess, and is refused. */
export function parseTarget(text: string): Target {
  if (text === 'latest') return { kind: 'latest' };
  if (isBackupId(text)) return { kind: 'backup', id: text };
  const at = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(text)
    ? new Date(text.replace(' ', 'T')).getTime()
    : Number.NaN;
  if (Number.isFinite(at)) return { kind: 'time', at };
  throw backupError('HALE_PLATFORM_BACKUP_TARGET_WORDS', `'${text}' is no place to restore to`);
}

export function targetWords(target: Target): string {
  if (target.kind === 'latest') return 'latest';
  return target.kind === 'backup' ? target.id : new Date(target.at).toISOString();
}

/**
 * The backups that one may set out from, the best first: the newest; at least one. `backups` oldest first.
 * Throws HALE_PLATFORM_BACKUP_NONE, _UNKNOWN, _TARGET_EARLY.
 */
export function chooseBackups(backups: readonly KnownBackup[], target: Target): readonly KnownBackup[] {
  const [oldest] = backups;
  if (oldest === undefined) throw backupError('HALE_PLATFORM_BACKUP_NONE', 'there is no backup to set out from');
  if (target.kind === 'backup') {
    const found = backups.find(({ id }) => id === target.id);
    if (found !== undefined) return [found];
    throw backupError('HALE_PLATFORM_BACKUP_UNKNOWN', `there is no backup ${target.id}`);
  }
  const fitting = target.kind === 'latest' ? backups : backups.filter(({ endedAt }) => endedAt <= target.at);
  if (fitting.length > 0) return fitting.toReversed().toSorted((a, b) => b.endedAt - a.endedAt);
  const earliest = Math.min(...backups.map(({ endedAt }) => endedAt));
  throw backupError(
    'HALE_PLATFORM_BACKUP_TARGET_EARLY',
    `${targetWords(target)} is before the end of the oldest backup; from ${new Date(Math.ceil(earliest)).toISOString()} on it can be done`,
    { details: { earliest: Math.ceil(earliest) } },
  );
}
