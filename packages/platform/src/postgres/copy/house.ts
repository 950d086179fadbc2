// For tests and benches: small clusters of the embedded PostgreSQL on this machine, started, killed and asked. A standby is
// made as a caller of copyCluster would make it: copy, write the connection, start.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { ensureDataFolder } from '../data-folder.ts';
import { reachableBinaries } from '../place.ts';
import { dressed, findRunAs, identityOf } from '../run-as.ts';
import { serverArguments, superuser } from '../settings.ts';
import { clearStrays } from '../strays.ts';
import { copyCluster } from './copy.ts';
import type { CopySource } from './source.ts';

export interface Node {
  readonly pgdata: string;
  readonly source: CopySource;
  start(): Promise<void>;
  /** SIGINT: as it is asked to go. SIGKILL: the postmaster and all its children. */
  end(signal: 'SIGINT' | 'SIGKILL'): Promise<void>;
  query<R extends pg.QueryResultRow = pg.QueryResultRow>(text: string): Promise<R[]>;
  client(): Promise<pg.Client>;
  /** Writes what makes it a standby of `primary`; before its start. */
  follow(primary: Node): void;
  log(): string;
}

export interface House {
  readonly root: string;
  /** A new cluster, running. */
  primary(name: string): Promise<Node>;
  /** A folder for one; nothing is made. */
  node(name: string): Promise<Node>;
  /** `standby`, stopped, becomes one of `primary`, whatever it was. */
  copy(primary: Node, standby: Node): Promise<void>;
  close(): Promise<void>;
}

const settings: readonly (readonly [string, string])[] = [
  ['wal_level', 'replica'],
  ['max_wal_senders', '10'],
  ['max_replication_slots', '10'],
  ['wal_keep_size', '512MB'],
  ['wal_retrieve_retry_interval', '100ms'],
  ['restart_after_crash', 'off'],
];

export async function buildHouse(more: readonly (readonly [string, string])[] = [], bin?: string): Promise<House> {
  const root = mkdtempSync(join(tmpdir(), 'hale-copy-'));
  const nodes: Node[] = [];
  let password = '';
  const node = async (name: string): Promise<Node> => {
    const made = await buildNode({ home: join(root, name), password: () => password, more, bin });
    nodes.push(made);
    return made;
  };
  return {
    root,
    node,
    async primary(name) {
      const engine = await engineHere(bin);
      ({ password } = await ensureDataFolder(join(root, name), engine, 'app'));
      const made = await node(name);
      await made.start();
      return made;
    },
    async copy(primary, standby) {
      await copyCluster(primary.source, standby.pgdata);
      standby.follow(primary);
      await standby.start();
      await caughtUp(standby, primary);
    },
    async close() {
      for (const { pgdata } of nodes) await clearStrays(pgdata);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function engineHere(bin: string | undefined) {
  const runAs = await findRunAs();
  return { runAs, binaries: await reachableBinaries(runAs, bin) };
}

interface NodePlan {
  readonly home: string;
  readonly password: () => string;
  readonly more: readonly (readonly [string, string])[];
  readonly bin: string | undefined;
}

async function buildNode({ home, password, more, bin }: NodePlan): Promise<Node> {
  const { runAs, binaries } = await engineHere(bin);
  const pgdata = join(home, 'pgdata');
  const logFile = `${home}.log`;
  const port = await freePort();
  let child: ChildProcess | undefined;
  const client = async () => {
    const made = new pg.Client({
      host: '127.0.0.1',
      port,
      user: superuser,
      password: password(),
      database: 'postgres',
    });
    made.on('error', () => {});
    await made.connect();
    return made;
  };
  const query = async <R extends pg.QueryResultRow>(text: string): Promise<R[]> => {
    const asker = await client();
    try {
      return (await asker.query<R>(text)).rows;
    } finally {
      await asker.end().catch(() => {});
    }
  };
  return {
    pgdata,
    client,
    query,
    log: () => readFileSync(logFile, 'utf8'),
    get source() {
      return { host: '127.0.0.1', port, user: superuser, password: password() };
    },
    async start() {
      const dials = [...settings, ...more].flatMap(([key, value]) => ['-c', `${key}=${value}`]);
      const args = [
        binaries.postgres,
        ...serverArguments({ pgdata, port, socketFolder: undefined, name: 'copy' }),
        ...dials,
      ];
      const [program = '', ...rest] = dressed(runAs, args);
      const out = openSync(logFile, 'a');
      child = spawn(program, rest, { cwd: home, stdio: ['ignore', out, out], ...identityOf(runAs) });
      await eventually(`${pgdata} serves`, async () => {
        assert.equal(child?.exitCode, null, `it ended:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
        return query('select 1').then(
          () => true,
          () => false,
        );
      });
    },
    async end(signal) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
      await clearStrays(pgdata);
    },
    follow(primary) {
      const { host, port: at, user } = primary.source;
      const conninfo = `host=${host} port=${at} user=${user} password=${password()}`;
      appendFileSync(join(pgdata, 'postgresql.auto.conf'), `primary_conninfo = '${conninfo}'\n`);
      writeFileSync(join(pgdata, 'standby.signal'), '');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks again and again, for a minute at most. */
export async function eventually(what: string, ask: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (await ask()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never: ${what}`);
}

/** Until `standby` has replayed all that `primary` has written by now. */
export async function caughtUp(standby: Node, primary: Node): Promise<void> {
  const [at] = await primary.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
  await eventually(`replayed to ${at?.lsn}`, async () => {
    const [row] = await standby.query<{ done: boolean }>(
      `select coalesce(pg_last_wal_replay_lsn() >= '${at?.lsn}', false) as done`,
    );
    return row?.done ?? false;
  });
}
