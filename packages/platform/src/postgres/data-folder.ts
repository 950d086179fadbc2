// The cellar: makes the data folder of a database once, in a temporary place, and moves it into place only when it is whole.
// What a crash left half-made is under a temporary name, so it is known and thrown away; data that was ever whole is never touched.
//
//   .hale/data/<name>/password   0600, made before the data        .hale/data/<name>/pgdata   PostgreSQL's own
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { appendFile, chmod, chown, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './binaries.ts';
import { postgresError } from './errors.ts';
import { assertOwned } from './owner.ts';
import { dressed, identityOf, type RunAs } from './run-as.ts';
import { createRoleText, servicePassword } from './service-role.ts';
import { serviceRole, settingsText, superuser } from './settings.ts';

const run = promisify(execFile);
const initTimeoutMs = 120_000;

export interface DataFolder {
  /** `.hale/data/<name>` */
  readonly home: string;
  readonly pgdata: string;
  readonly password: string;
}

export interface Engine {
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs;
}

/** Where everything of the resource `name` lies below the `.hale` folder. */
export function dataHome(haleFolder: string, name: string): string {
  return join(haleFolder, 'data', name);
}

/**
 * The data folder, made if there is none. Throws HALE_PLATFORM_POSTGRES_INIT, _DISK_FULL, _VERSION, _PASSWORD, _DAMAGED.
 */
export async function ensureDataFolder(home: string, engine: Engine, database: string): Promise<DataFolder> {
  const { binaries, runAs } = engine;
  await mkdir(home, { recursive: true, mode: 0o700 }).catch(explain);
  await giveAway(home, runAs);
  const pgdata = join(home, 'pgdata');
  const dataVersion = readText(join(pgdata, 'PG_VERSION')).trim();
  if (dataVersion !== '') {
    checkVersion(dataVersion, binaries.version, pgdata);
    await assertOwned(pgdata, runAs);
    const password = readPassword(home);
    if (password === undefined) {
      throw postgresError(
        'HALE_PLATFORM_POSTGRES_PASSWORD',
        `${join(home, 'password')} is missing, and ${pgdata} needs it`,
      );
    }
    return { home, pgdata, password };
  }
  if (!(await isEmptyOrMissing(pgdata))) {
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_DAMAGED',
      `${pgdata} holds files but no PG_VERSION: it is damaged, and was not touched`,
    );
  }
  await sweepHalfMade(home);
  const password = readPassword(home) ?? (await makePassword(home, runAs));
  await initialize(home, engine, { database, password });
  return { home, pgdata, password };
}

async function isEmptyOrMissing(folder: string): Promise<boolean> {
  return readdir(folder).then(
    (names) => names.length === 0,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return true;
      throw error;
    },
  );
}

/** The password of an existing database; undefined before its first start. */
export function readPassword(home: string): string | undefined {
  const text = readText(join(home, 'password')).trim();
  return text === '' ? undefined : text;
}

/** The superuser's and that of services, of a database whose files lie in `root`: nobody may read either (INV-12). Empty before its first start. */
export function databasePasswords(root: string, name: string): readonly string[] {
  const password = readPassword(dataHome(join(root, '.hale'), name));
  return password === undefined ? [] : [password, servicePassword(password)];
}

/** '' when there is no such file. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

async function makePassword(home: string, runAs: RunAs): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  const file = join(home, 'password');
  await writeDurably(`${file}.new`, `${password}\n`).catch(explain);
  await giveAway(`${file}.new`, runAs);
  await rename(`${file}.new`, file);
  return password;
}

async function initialize(
  home: string,
  engine: Engine,
  { database, password }: { database: string; password: string },
): Promise<void> {
  const making = join(home, `making-${process.pid}-${randomBytes(4).toString('hex')}`);
  const { initdb, postgres } = engine.binaries;
  try {
    await runEngine(engine, home, [
      initdb,
      ...['--pgdata', making, '--username', superuser, '--pwfile', join(home, 'password')],
      ...[
        '--auth-local=scram-sha-256',
        '--auth-host=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--data-checksums',
        // A promotion copies the segment in which the old primary ended, and waits for the disk: of 16 MB that takes longest of all.
        '--wal-segsize=2',
      ],
    ]);
    // By hand: initdb takes settings only since 16.
    await appendFile(join(making, 'postgresql.conf'), settingsText());
    // Without a server: nobody can meet a database that is not there yet.
    await runEngine(
      engine,
      home,
      [postgres, '--single', '-D', making, 'postgres'],
      `${createRoleText(password)}\n${giveDatabase(database)}\n`,
    );
    await syncFolder(making);
    await rename(making, join(home, 'pgdata'));
    await syncFolder(home);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    explain(error);
  }
}

/** Runs a program of the engine as it must be run; rejects with what it said when it fails. */
async function runEngine({ runAs }: Engine, cwd: string, argv: readonly string[], input = ''): Promise<void> {
  const [program = '', ...args] = dressed(runAs, argv);
  const running = run(program, args, { ...identityOf(runAs), cwd, timeout: initTimeoutMs, env: bareEnvironment() });
  // One that fails at once does not read; its exit says more than the broken pipe.
  running.child.stdin?.on('error', () => {});
  running.child.stdin?.end(input);
  await running;
}

/** One that initdb made itself is given over. */
function giveDatabase(name: string): string {
  return name === 'postgres'
    ? `alter database postgres owner to ${serviceRole}`
    : `create database ${quoted(name)} owner ${serviceRole}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Only names that this file gives to unfinished work. */
async function sweepHalfMade(home: string): Promise<void> {
  for (const entry of await readdir(home)) {
    if (entry.startsWith('making-')) await rm(join(home, entry), { recursive: true, force: true });
  }
}

/** `binaries`: the version of the server that would run on it. Throws HALE_PLATFORM_POSTGRES_VERSION. */
export function checkVersion(data: string, binaries: string, pgdata: string): void {
  const major = String(Number.parseInt(binaries, 10));
  if (data === major) return;
  throw postgresError(
    'HALE_PLATFORM_POSTGRES_VERSION',
    `${pgdata} was made by PostgreSQL ${data}, and PostgreSQL ${major} would run on it: nothing was touched`,
  );
}

/** initdb needs a PATH and a time zone at most; nothing of ours is anything to it. */
export function bareEnvironment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    ...(process.env['TZ'] ? { TZ: process.env['TZ'] } : {}),
  };
}

async function giveAway(path: string, runAs: RunAs): Promise<void> {
  if (runAs.kind === 'user') await chown(path, runAs.uid, runAs.gid);
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(file, 0o600);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function explain(error: unknown): never {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message?: string };
  const said = [stderr?.trim(), message].find((text) => text !== undefined && text !== '') ?? String(error);
  if (code === 'ENOSPC' || /No space left on device|Disk quota exceeded/i.test(said)) {
    throw postgresError('HALE_PLATFORM_POSTGRES_DISK_FULL', 'the disk is full: no database could be made', {
      cause: error,
    });
  }
  const words = said.split('\n').slice(-6).join('\n').slice(0, 2_000);
  throw postgresError('HALE_PLATFORM_POSTGRES_INIT', `the database could not be made: ${words}`, { cause: error });
}
