// Why a backup was not made, or not given back, in one table: what to type next stands here, what happened is said where it
// happens. A restore that is refused has touched nothing.
import { HaleError, isHaleError } from '@hale/base';

const hints = {
  HALE_PLATFORM_BACKUP_SOURCE:
    'check that the database runs, and that this user may replicate (role attribute REPLICATION, a `host replication` line in pg_hba.conf, a free max_wal_senders)',
  HALE_PLATFORM_BACKUP_RIGHTS:
    'a superuser of that server types what the message says; a managed service that does not let you has backups of its own, and takes pg_dump',
  HALE_PLATFORM_BACKUP_ELSEWHERE:
    'hale restore --into ./folder brings the data back into a folder, for whoever runs the server to start from',
  HALE_PLATFORM_BACKUP_SOURCE_VERSION: 'PostgreSQL 15 to 18 can be backed up so; use the tools of your version',
  HALE_PLATFORM_BACKUP_TABLESPACES:
    'move the tables to the default tablespace (ALTER TABLE ... SET TABLESPACE pg_default), or back this server up with other tools',
  HALE_PLATFORM_BACKUP_FOREIGN:
    'give each database a store (or a prefix) of its own; a database that was made anew needs a new one, or restore the old one first',
  HALE_PLATFORM_BACKUP_KEY_MISSING:
    'give the key that this backup was encrypted with (64 hex digits, in the variable or file of `encrypt`)',
  HALE_PLATFORM_BACKUP_KEY_WRONG: 'find the key that this store was begun with: without it nobody can read the backup',
  HALE_PLATFORM_BACKUP_KEY_SHAPE: 'make one with: openssl rand -hex 32',
  HALE_PLATFORM_BACKUP_DAMAGED:
    'restore another backup (`hale backup list`), or this one to an earlier time; then `hale backup verify` says how far the damage goes',
  HALE_PLATFORM_BACKUP_NONE: 'hale backup now',
  HALE_PLATFORM_BACKUP_UNDECLARED:
    "add resources: { vault: objectStore({ url: 'file:/mnt/other-disk/vault' }), db: postgres({ backup: { to: 'vault' } }) }",
  HALE_PLATFORM_BACKUP_RUNNING: 'hale down, then restore again; or look first: hale restore --into ./restored',
  HALE_PLATFORM_BACKUP_UNKNOWN: 'hale backup list',
  HALE_PLATFORM_BACKUP_WAL_HOLE:
    'restore to a time before the hole, or to a backup that is later than it; `hale backup list` names both',
  HALE_PLATFORM_BACKUP_TARGET_EARLY: 'choose a later time, or `--to` the id of a backup of `hale backup list`',
  HALE_PLATFORM_BACKUP_TARGET_FUTURE: 'choose an earlier time, or `--to latest`',
  HALE_PLATFORM_BACKUP_TARGET_WORDS: 'write `latest`, a time such as 2026-11-22T04:00:00Z, or the id of a backup',
  HALE_PLATFORM_BACKUP_MAJOR: 'restore with the PostgreSQL version that the message names',
  HALE_PLATFORM_BACKUP_NOT_EMPTY: 'give an empty or new folder, or `--into replace` to put the old one aside',
  HALE_PLATFORM_BACKUP_NO_SPACE: 'free some space, or restore into a folder on another disk',
  HALE_PLATFORM_BACKUP_RECOVERY: 'read the lines of the server in the message; `hale backup verify` looks for damage',
  HALE_PLATFORM_BACKUP_END:
    'do not use what was restored: `hale backup verify` looks for damage; restore to an earlier time',
  HALE_PLATFORM_BACKUP_BUSY:
    'wait until it has ended (`hale status` says what is under way); the mark of one that was killed on another machine is taken away after a day, or with --force',
  HALE_PLATFORM_BACKUP_FOLLOWED:
    'there is nothing to type: the log is followed by itself while the system runs, and `hale status` says how far',
  HALE_PLATFORM_BACKUP_SPOOL: 'move that folder aside and look into it: what is in it may be in no store yet',
  HALE_PLATFORM_BACKUP_WAL_CONFLICT:
    'two servers write into one store, or an old copy of the database runs again: stop one of them, and give the other a store of its own',
} as const;

export type BackupErrorCode = keyof typeof hints;

export function backupError(
  code: BackupErrorCode,
  message: string,
  more: { cause?: unknown; retriable?: boolean; details?: Readonly<Record<string, unknown>> } = {},
): HaleError {
  return new HaleError({ code, message, hint: hints[code], ...more });
}

/** Whether `error` says that something in the store is not what was put there. */
export function isDamage(error: unknown): boolean {
  return isHaleError(error) && error.code === 'HALE_PLATFORM_BACKUP_DAMAGED';
}
