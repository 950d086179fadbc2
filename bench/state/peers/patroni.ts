// Debian's Patroni with one etcd and three nodes of PostgreSQL 15, one synchronous standby. A single etcd is kinder to Patroni
// than three: it has no election of its own to hold. `fast` is the least that Patroni's documentation allows (ttl 20, loop_wait 1,
// retry_timeout 3), with primary_start_timeout 0: a killed server is not started again in place, another takes over at once.
import { type ChildProcess, spawnSync } from 'node:child_process';
import { freePort } from '../../gateway/contestant.ts';
import { binFolder, type Cage, openCage, strike, withDescendants } from '../cage.ts';
import { type Contestant, until } from '../contestant.ts';
import type { Pace } from './peer.ts';

export const patroniHint = 'apt-get install patroni etcd-server postgresql-15';
const settings = {
  default: { ttl: 30, loop_wait: 10, retry_timeout: 10, primary_start_timeout: 300 },
  fast: { ttl: 20, loop_wait: 1, retry_timeout: 3, primary_start_timeout: 0 },
} as const;
const password = 'bench';

interface Node {
  readonly name: string;
  readonly port: number;
  readonly restPort: number;
  readonly data: string;
  readonly file: string;
  agent: ChildProcess;
}

/** Patroni's version, or undefined where a part is missing. */
export function findPatroni(): string | undefined {
  const has = (program: string) => spawnSync(program, ['--version']).status === 0;
  if (!has('etcd') || !has(`${binFolder}/postgres`)) return undefined;
  const said = spawnSync('patroni', ['--version'], { encoding: 'utf8' });
  return said.status === 0 ? said.stdout.trim() : undefined;
}

export async function startPatroni(pace: Pace): Promise<Contestant> {
  const cage = openCage('patroni');
  try {
    const etcdPort = await startEtcd(cage);
    const nodes: Node[] = [];
    for (const name of ['n1', 'n2', 'n3']) nodes.push(await startNode(cage, { name, etcdPort, pace }));
    const leader = async () => {
      const members = await membersOf(nodes);
      return nodes.find(({ name }) => members.some((one) => one.name === name && one.role === 'leader'));
    };
    return {
      label: `${findPatroni()} ${JSON.stringify(settings[pace])}`,
      urls: nodes.map(({ port }) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`),
      async whole(boundMs) {
        for (const node of nodes) if (hasEnded(node.agent)) node.agent = startAgent(cage, node);
        await until('Patroni to have a leader, a synchronous standby and a third node', boundMs, async () =>
          isWhole(await membersOf(nodes)),
        );
      },
      async strike(kind) {
        const node = await leader();
        if (node === undefined) throw new Error('Patroni has no leader to kill');
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

async function startEtcd(cage: Cage): Promise<number> {
  const [port, peerPort] = [await freePort(), await freePort()];
  const [url, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  cage.start('etcd', [
    'etcd',
    '--name',
    'e1',
    '--data-dir',
    `${cage.folder}/etcd`,
    '--listen-client-urls',
    url,
    '--advertise-client-urls',
    url,
    '--listen-peer-urls',
    peerUrl,
    '--initial-advertise-peer-urls',
    peerUrl,
    '--initial-cluster',
    `e1=${peerUrl}`,
  ]);
  await until('etcd', 30_000, async () => (await fetch(`${url}/health`)).ok);
  return port;
}

async function startNode(
  cage: Cage,
  { name, etcdPort, pace }: { readonly name: string; readonly etcdPort: number; readonly pace: Pace },
): Promise<Node> {
  const [port, restPort] = [await freePort(), await freePort()];
  const data = `${cage.folder}/${name}/data`;
  cage.room(name);
  const hba = ['local all all trust', 'host all all 127.0.0.1/32 md5', 'host replication replicator 127.0.0.1/32 md5'];
  // JSON is YAML.
  const file = cage.write(
    `${name}.yml`,
    JSON.stringify({
      scope: 'bench',
      name,
      restapi: { listen: `127.0.0.1:${restPort}`, connect_address: `127.0.0.1:${restPort}` },
      etcd3: { host: `127.0.0.1:${etcdPort}` },
      bootstrap: {
        dcs: {
          ...settings[pace],
          synchronous_mode: true,
          synchronous_node_count: 1,
          postgresql: { use_pg_rewind: true },
        },
        initdb: ['data-checksums', { encoding: 'UTF8' }, { locale: 'C' }],
        pg_hba: hba,
      },
      postgresql: {
        listen: `127.0.0.1:${port}`,
        connect_address: `127.0.0.1:${port}`,
        data_dir: data,
        bin_dir: binFolder,
        pgpass: `${cage.folder}/${name}/pgpass`,
        authentication: {
          superuser: { username: 'postgres', password },
          replication: { username: 'replicator', password },
        },
        parameters: { unix_socket_directories: `${cage.folder}/${name}` },
        pg_hba: hba,
        remove_data_directory_on_diverged_timelines: true,
        remove_data_directory_on_rewind_failure: true,
      },
    }),
  );
  const node = { name, port, restPort, data, file };
  return { ...node, agent: startAgent(cage, node) };
}

function startAgent(cage: Cage, { name, file }: Pick<Node, 'name' | 'file'>): ChildProcess {
  return cage.start(name, ['patroni', file]);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly timeline?: number;
}

/** As whichever agent answers first in order sees them. */
async function membersOf(nodes: readonly Node[]): Promise<readonly Member[]> {
  for (const { restPort } of nodes) {
    try {
      const answer = await fetch(`http://127.0.0.1:${restPort}/cluster`, { signal: AbortSignal.timeout(2_000) });
      return ((await answer.json()) as { readonly members: readonly Member[] }).members;
    } catch {
      // Its agent is down: ask the next.
    }
  }
  return [];
}

function isWhole(members: readonly Member[]): boolean {
  const roles = members.map(({ role }) => role).sort();
  const up = members.every(({ state }) => state === 'running' || state === 'streaming');
  return (
    up && roles.join() === 'leader,replica,sync_standby' && new Set(members.map(({ timeline }) => timeline)).size === 1
  );
}
