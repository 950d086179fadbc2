// The yard where backups are tried: a real PostgreSQL in a folder of its own that a test may fill, kill and burn down, and the
// engine that brings it back. For tests and benches only.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, createSystemClock } from '@hale/base';
import { type Incarnation, replicaId, type SystemSpec } from '@hale/model';
import pg from 'pg';
import { ownUrl, resourceUrl } from '../postgres/address.ts';
import { launchAs } from '../postgres/launcher.ts';
import { findRunAs } from '../postgres/run-as.ts';
import { clearStrays, findProcesses } from '../postgres/strays.ts';
import { findEngine } from './engine.ts';
import type { RecoveryEngine } from './recovery.ts';
import { restoreHome } from './restore-home.ts';
import type { Strongbox } from './strongbox.ts';
import type { Vault } from './vault.ts';

export interface Yard {
  readonly root: string;
  readonly clock: Clock;
  readonly spec: SystemSpec;
  readonly engine: RecoveryEngine;
  /** The data folder of the database. */
  readonly pgdata: string;
  /** What the server wrote to its log. */
  log(): string;
  /** As the superuser, in the services' database. */
  url(): string;
  /** As services are told it. */
  serviceUrl(): string;
  start(): Promise<void>;
  /** SIGKILL to every process of the database. */
  kill(): Promise<void>;
  /** Fast and in order. */
  stop(): Promise<void>;
  query(text: string, values?: readonly unknown[]): Promise<pg.QueryResult>;
  client(): Promise<pg.Client>;
  /** Waits until `condition` holds; gives up with `what` after twenty seconds. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>;
  dispose(): Promise<void>;
}

const boundMs = 20_000;

/** `bin`: the machine's own PostgreSQL; `root`: the yard of another, whose data it meets. */
export async function openYard({ bin, root: given }: { bin?: string; root?: string } = {}): Promise<Yard> {
  const root = given ?? mkdtempSync(join(tmpdir(), 'hale-backup-'));
  const home = join(root, '.hale', 'data', 'db');
  const pgdata = join(home, 'pgdata');
  const clock = createSystemClock();
  const own = bin === undefined ? {} : { bin };
  const resources = { db: { kind: 'postgres', name: 'db', database: 'app', port: undefined, ...own } } as const;
  const spec: SystemSpec = { name: 'test', id: 'x', root, zones: ['a'], services: {}, resources, gateway: undefined };
  mkdirSync(join(root, 'run'), { recursive: true });
  const logFile = join(root, 'run', 'db.log');
  const runAs = await findRunAs();
  let child: ChildProcess | undefined;
  const until: Yard['until'] = async (what, condition) => {
    const end = clock.mono() + boundMs;
    while (!(await condition())) {
      if (clock.mono() > end) throw new Error(`in vain: ${what}`);
      await new Promise<void>((resolve) => void clock.after(20, resolve));
    }
  };
  const url = () => ownUrl(spec, 'db', 'services') ?? '';
  const serviceUrl = () => resourceUrl(spec, 'db') ?? '';
  const client = async () => {
    const opened = new pg.Client({ connectionString: url() });
    opened.on('error', () => {});
    await opened.connect();
    return opened;
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  };
  return {
    ...{
      root,
      clock,
      spec,
      pgdata,
      url,
      serviceUrl,
      until,
      log: () => readFileSync(logFile, 'utf8'),
      client,
      engine: await findEngine(bin),
    },
    async start() {
      const launch = await launchAs(runAs, {
        ...{ spec, root, release: 1, unit: 'db', replica: replicaId('db', 0), ordinal: 0, zone: 'a' },
        ...{ incarnation: 'I1' as Incarnation, port: 1, runtimeDir: join(root, 'run') },
      });
      await launch.prepare?.();
      const [program = '', ...args] = launch.argv;
      const identity = launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.gid };
      const out = openSync(logFile, 'a', 0o600);
      child = spawn(program, args, { cwd: launch.cwd, stdio: ['ignore', out, out], detached: true, ...identity });
      closeSync(out);
      await until('the database serves', async () => {
        if (child?.exitCode !== null) throw new Error(`the database ended with ${child?.exitCode}`);
        return (await launch.check?.(AbortSignal.timeout(2_000)))?.kind === 'pass';
      });
    },
    async kill() {
      const pids = await findProcesses(pgdata);
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It was faster.
        }
      }
      await until('all processes are gone', async () => (await findProcesses(pgdata)).length === 0);
    },
    stop: () => end('SIGINT'),
    async query(text, values = []) {
      const opened = await client();
      try {
        return await opened.query(text, [...values]);
      } finally {
        await opened.end();
      }
    },
    async dispose() {
      await clearStrays(pgdata);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Stops it, puts a backup of it in its place as `hale restore --into replace` does, and starts that. */
export async function bringBack(yard: Yard, vault: Vault, id: string): Promise<void> {
  const { root, clock, spec } = yard;
  await yard.stop();
  const bin = spec.resources['db']?.bin;
  const box = { database: 'db', vault, spool: join(root, 'spool'), cluster: false, isElsewhere: false, bin };
  // Of a strongbox only this is looked at on the way back.
  const order = { target: { kind: 'backup', id }, into: 'replace', box: box as unknown as Strongbox } as const;
  await restoreHome({ root, clock, ...order });
  await yard.start();
}
