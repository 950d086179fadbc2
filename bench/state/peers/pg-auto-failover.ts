// Debian's pg_auto_failover: a monitor and three nodes of PostgreSQL 15, its own default quorum (number_sync_standbys 1). `fast`
// takes the intervals of the monitor's health checks down to what its own bounds allow and still finds a healthy node healthy,
// and lets a node start no killed server again in place; that its agents report once a second cannot be set.
import { type ChildProcess, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { freePort } from '../../gateway/contestant.ts';
import { binFolder, type Cage, openCage, strike, withDescendants } from '../cage.ts';
import { type Contestant, until } from '../contestant.ts';
import type { Pace } from './peer.ts';

export const pgAutoFailoverHint = 'apt-get install pg-auto-failover-cli postgresql-15-auto-failover postgresql-15';
/** Milliseconds, as the monitor takes them. Nothing set: period 5000, timeout 5000, 2 retries 2000 apart, unhealthy after 20000. */
const monitorSettings: Readonly<Record<Pace, Readonly<Record<string, number>>>> = {
  default: {},
  fast: {
    health_check_period: 1000,
    health_check_timeout: 1000,
    health_check_max_retries: 1,
    health_check_retry_delay: 1,
    node_considered_unhealthy_timeout: 1000,
    primary_demote_timeout: 1000,
    startup_grace_period: 1000,
  },
};
const nodeSettings: Readonly<Record<Pace, Readonly<Record<string, number>>>> = {
  default: {},
  fast: {
    'timeout.network_partition_timeout': 1,
    'timeout.postgresql_restart_failure_timeout': 1,
    'timeout.postgresql_restart_failure_max_retries': 0,
  },
};
const pgCtl = `${binFolder}/pg_ctl`;

interface Node {
  readonly name: string;
  readonly port: number;
  readonly data: string;
  agent: ChildProcess;
}

/** Its version, or undefined where a part is missing. */
export function findPgAutoFailover(): string | undefined {
  if (!existsSync('/usr/lib/postgresql/15/lib/pgautofailover.so') || !existsSync(pgCtl)) return undefined;
  const said = spawnSync('pg_autoctl', ['--version'], { encoding: 'utf8' });
  return said.status === 0 ? /version (\S+)/.exec(said.stdout)?.[1] : undefined;
}

export async function startPgAutoFailover(pace: Pace): Promise<Contestant> {
  const cage = openCage('pgaf');
  try {
    const monitorUrl = await startMonitor(cage, pace);
    const nodes: Node[] = [];
    for (const name of ['n1', 'n2', 'n3']) nodes.push(await createNode(cage, { name, monitorUrl, pace, nodes }));
    const primary = async () => {
      const states = await statesOf(cage, monitorUrl);
      return nodes.find(({ name }) => states.some((one) => one.name === name && one.state === 'primary'));
    };
    return {
      label: `pg_auto_failover ${findPgAutoFailover()} ${JSON.stringify({ ...monitorSettings[pace], ...nodeSettings[pace] })}`,
      urls: nodes.map(({ port }) => `postgres://postgres@127.0.0.1:${port}/postgres`),
      async whole(boundMs) {
        for (const node of nodes) if (hasEnded(node.agent)) node.agent = runNode(cage, node);
        await until('pg_auto_failover to have a primary and two secondaries', boundMs, async () =>
          isWhole(await statesOf(cage, monitorUrl), 3),
        );
      },
      async strike(kind) {
        const node = await primary();
        if (node === undefined) throw new Error('pg_auto_failover has no primary to kill');
        const agent = kind === 'node' && node.agent.pid !== undefined ? withDescendants([node.agent.pid]) : [];
        return strike([...new Set([...agent, ...cage.engineOf(node.data)])]);
      },
      close: () => cage.close(),
    };
  } catch (error) {
    await cage.close();
    throw error;
  }
}

const common = ['--hostname', 'localhost', '--auth', 'trust', '--no-ssl', '--pgctl', pgCtl];

async function startMonitor(cage: Cage, pace: Pace): Promise<string> {
  const port = await freePort();
  const data = `${cage.folder}/monitor`;
  cage.start('monitor', [
    'pg_autoctl',
    'create',
    'monitor',
    '--pgdata',
    data,
    '--pgport',
    String(port),
    ...common,
    '--run',
  ]);
  const url = `postgres://autoctl_node@localhost:${port}/pg_auto_failover`;
  await until('the monitor', 60_000, async () => (await statesOf(cage, url)).length === 0);
  for (const [name, value] of Object.entries(monitorSettings[pace])) {
    await askServer(cage, port, `alter system set pgautofailover.${name} = ${value}`);
  }
  await askServer(cage, port, 'select pg_reload_conf()');
  return url;
}

function askServer(cage: Cage, port: number, question: string): Promise<string> {
  // Only its own user may set things, over the socket, which lies where Debian puts those of all servers.
  const at = ['-h', '/var/run/postgresql', '-p', String(port), '-d', 'pg_auto_failover', '-U', 'postgres'];
  return cage.ask([`${binFolder}/psql`, '-XAtq', '-v', 'ON_ERROR_STOP=1', ...at, '-c', question]);
}

async function createNode(
  cage: Cage,
  of: { readonly name: string; readonly monitorUrl: string; readonly pace: Pace; readonly nodes: readonly Node[] },
): Promise<Node> {
  const port = await freePort();
  const data = `${cage.folder}/${of.name}`;
  const where = ['--pgdata', data, '--pgport', String(port), '--name', of.name];
  const agent = cage.start(of.name, [
    'pg_autoctl',
    'create',
    'postgres',
    ...where,
    '--monitor',
    of.monitorUrl,
    ...common,
    '--run',
  ]);
  // One after the other: the first that comes is the primary, and the others copy it.
  await until(`${of.name} to join`, 120_000, async () =>
    isWhole(await statesOf(cage, of.monitorUrl), of.nodes.length + 1),
  );
  for (const [name, value] of Object.entries(nodeSettings[of.pace])) {
    await cage.ask(['pg_autoctl', 'config', 'set', '--pgdata', data, name, String(value)]);
  }
  if (of.pace === 'fast') await cage.ask(['pg_autoctl', 'reload', '--pgdata', data]);
  return { name: of.name, port, data, agent };
}

function runNode(cage: Cage, { name, data }: Node): ChildProcess {
  return cage.start(name, ['pg_autoctl', 'run', '--pgdata', data]);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

interface NodeState {
  readonly name: string;
  /** What it reports, which may lag behind what it was assigned. */
  readonly state: string;
  readonly assigned: string;
  readonly health: number;
}

async function statesOf(cage: Cage, monitorUrl: string): Promise<readonly NodeState[]> {
  const question =
    'select json_agg(json_build_object($$name$$, nodename, $$state$$, reportedstate, $$assigned$$, goalstate, $$health$$, health)) from pgautofailover.node';
  const said = await cage.ask([`${binFolder}/psql`, '-XAtq', '-d', monitorUrl, '-c', question]);
  return said.trim() === '' ? [] : (JSON.parse(said) as readonly NodeState[]);
}

function isWhole(states: readonly NodeState[], count: number): boolean {
  const settled = states.every(({ state, assigned, health }) => state === assigned && health === 1);
  const first = count === 1 ? 'single' : 'primary';
  const roles = states.map(({ state }) => state).sort();
  return settled && roles.join() === [first, ...Array.from({ length: count - 1 }, () => 'secondary')].join();
}
