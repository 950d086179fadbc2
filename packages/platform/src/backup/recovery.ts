// The recovery room: starts a PostgreSQL on restored files, behind a door that only we can open (a socket in a folder of mode 0700,
// no network), lets it replay the log to the target, and finds out where it really arrived.
//
// The log was put into pg_wal beforehand and `restore_command` is a program that always says no. So no secret of the store is
// ever in the server's hands, no program is started for each segment, and every byte was checked before the server saw it; the
// price is that the disk must hold the log once.
import { type ChildProcess, spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import pg from 'pg';
import { bareEnvironment } from '../postgres/data-folder.ts';
import { dressed, identityOf, type RunAs } from '../postgres/run-as.ts';
import { superuser } from '../postgres/settings.ts';
import { backupError } from './errors.ts';
import type { Target } from './target.ts';

export interface RecoveryEngine {
  /** The program `postgres`. */
  readonly postgres: string;
  readonly major: number;
  readonly runAs: RunAs;
}

export interface RecoveryOrder {
  readonly folder: string;
  readonly engine: RecoveryEngine;
  readonly target: Target;
  readonly timeline: number;
  readonly clock: Clock;
  /** A place of the log that was reached, now and then. */
  readonly onReplay: (lsn: string) => void;
}

export interface RunningServer {
  /** Whether it stopped at the target, or because the log ended. */
  readonly stoppedAtTarget: boolean;
  readonly replayedTo: string;
  readonly timeline: number;
  /** Unix ms; undefined when nothing was committed on the way. */
  readonly lastTransactionAt: number | undefined;
  connect(database: string): Promise<pg.Client>;
  stop(): Promise<void>;
}

/** Ours, and that of servers which somebody else made. */
const superusers = [superuser, 'postgres'];
const noSuchRole = '28000';
const lookEveryMs = 50;
const linesKeptMax = 200;
const port = 5432;

/** Resolves when it has recovered and answers. Throws HALE_PLATFORM_BACKUP_RECOVERY with what the server said. */
export async function recover(order: RecoveryOrder): Promise<RunningServer> {
  try {
    return await tryRecovery(order, order.target);
  } catch (error) {
    const { details } = error as { details?: { targetMissed?: boolean } };
    // Nothing was committed after the target, so nobody told the server that it is past: all of the log is the answer then. That the
    // log reaches so far, and that its end was reached, is checked by the caller.
    if (details?.targetMissed === true && order.target.kind === 'time') return tryRecovery(order, { kind: 'latest' });
    throw error;
  }
}

async function tryRecovery(order: RecoveryOrder, target: Target): Promise<RunningServer> {
  const { folder, engine } = order;
  const room = await mkdtemp(join(tmpdir(), 'hale-recovery-'));
  if (engine.runAs.kind === 'user') await chown(room, engine.runAs.uid, engine.runAs.gid);
  await writeFile(join(room, 'hba'), 'local all all trust\n', { mode: 0o644 });
  if (!(await readdir(folder)).includes('postgresql.conf')) await writeFile(join(folder, 'postgresql.conf'), '');
  const [program = '', ...args] = dressed(engine.runAs, [engine.postgres, ...recoveryArguments(order, target, room)]);
  const child = spawn(program, args, {
    cwd: folder,
    env: bareEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    ...identityOf(engine.runAs),
  });
  const log = listen(child, order.onReplay);
  const connect = async (database: string) => {
    for (const user of superusers) {
      const client = new pg.Client({ host: room, port, user, database, connectionTimeoutMillis: 10_000 });
      client.on('error', () => {});
      const refused = await client.connect().then(
        () => undefined,
        (error: Error & { code?: string }) => error,
      );
      if (refused === undefined) return client;
      if (refused.code !== noSuchRole || user === superusers.at(-1)) throw refused;
    }
    throw new TypeError('nobody may connect');
  };
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
    await log.ended;
    await rm(room, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(order.clock, log, connect);
    return { ...(await askWhere(connect)), stoppedAtTarget: log.stopped(), connect, stop };
  } catch (error) {
    await stop();
    throw log.lines().length > 0 && !(error instanceof TypeError) ? failure(log, error) : error;
  }
}

/** On the command line nothing that travels in the copy can override it, and no file has to be mended afterwards. */
function recoveryArguments({ folder, timeline }: RecoveryOrder, target: Target, room: string): readonly string[] {
  const settings: readonly (readonly [string, string])[] = [
    ['listen_addresses', ''],
    ['unix_socket_directories', room],
    ['hba_file', join(room, 'hba')],
    ['port', String(port)],
    ['restore_command', 'false'],
    ['recovery_target_timeline', String(timeline)],
    ['recovery_target_action', 'promote'],
    ...targetSettings(target),
    // Whoever it waited for, shipped to or loaded is not here.
    ...['synchronous_standby_names', 'primary_conninfo', 'primary_slot_name', 'shared_preload_libraries'].map(
      (name) => [name, ''] as const,
    ),
    ...[
      ['archive_mode', 'off'],
      ['hot_standby', 'off'],
      ['ssl', 'off'],
      ['logging_collector', 'off'],
      ['log_destination', 'stderr'],
      ['lc_messages', 'C'],
      ['log_min_messages', 'warning'],
      ['log_startup_progress_interval', '250ms'],
    ].map(([name = '', value = '']) => [name, value] as const),
  ];
  return ['-D', folder, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

function targetSettings(target: Target): readonly (readonly [string, string])[] {
  if (target.kind === 'latest') return [];
  if (target.kind === 'backup') return [['recovery_target', 'immediate']];
  return [['recovery_target_time', new Date(target.at).toISOString().replace('T', ' ').replace('Z', '+00')]];
}

interface ServerLog {
  readonly ended: Promise<void>;
  lines(): readonly string[];
  hasEnded(): boolean;
  stopped(): boolean;
}

function listen(child: ChildProcess, onReplay: (lsn: string) => void): ServerLog {
  const lines: string[] = [];
  let rest = '';
  let stopped = false;
  let over = false;
  const read = (line: string) => {
    lines.push(line);
    if (lines.length > linesKeptMax) lines.shift();
    if (/recovery stopping (before|after)/.test(line)) stopped = true;
    const lsn = /current LSN: ([0-9A-F]+\/[0-9A-F]+)/.exec(line)?.[1];
    if (lsn !== undefined) onReplay(lsn);
  };
  child.stderr?.on('data', (piece: Buffer) => {
    const parts = (rest + piece.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) read(line);
  });
  const ended = new Promise<void>((resolve) => {
    const end = (words?: string) => {
      if (words !== undefined) lines.push(words);
      over = true;
      resolve();
    };
    child.once('error', (error) => end(error.message));
    child.once('close', () => end());
  });
  return { ended, lines: () => lines, hasEnded: () => over, stopped: () => stopped };
}

async function untilItAnswers(
  clock: Clock,
  log: ServerLog,
  connect: (database: string) => Promise<pg.Client>,
): Promise<void> {
  for (;;) {
    if (log.hasEnded()) throw failure(log);
    try {
      await (await connect('postgres')).end();
      return;
    } catch {
      // It recovers still. There is no bound: a long log takes long, and whoever waits sees where it is.
      await new Promise<void>((resolve) => void clock.after(lookEveryMs, resolve));
    }
  }
}

async function askWhere(
  connect: (database: string) => Promise<pg.Client>,
): Promise<Pick<RunningServer, 'replayedTo' | 'timeline' | 'lastTransactionAt'>> {
  const client = await connect('postgres');
  try {
    const { rows } = await client.query<{ lsn: string; at: string | null; timeline: number }>(
      `select pg_last_wal_replay_lsn()::text as lsn, extract(epoch from pg_last_xact_replay_timestamp()) * 1000 as at,
        ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int as timeline`,
    );
    const [row] = rows;
    if (row?.lsn === undefined) throw new TypeError('the server does not say where it arrived');
    return {
      replayedTo: row.lsn,
      timeline: row.timeline,
      lastTransactionAt: row.at === null ? undefined : Number(row.at),
    };
  } finally {
    await client.end();
  }
}

function failure(log: ServerLog, cause?: unknown): Error {
  const telling = log.lines().filter((line) => /FATAL|PANIC|ERROR|DETAIL|HINT/.test(line));
  const words = (telling.length > 0 ? telling : log.lines()).slice(-6).join('\n');
  return backupError('HALE_PLATFORM_BACKUP_RECOVERY', `the restored database does not start:\n${words}`, {
    cause,
    details: { targetMissed: /before configured recovery target was reached/.test(words) },
  });
}
