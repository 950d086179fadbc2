// Records how late things are at a living cluster under load, for the simulator to replay (packages/drill/src/sim/cluster/recorded-lag.ts, which this
// writes): every half second the worst flush lag and replay lag of each standby, as the primary counts them, and the longest that each node took to
// answer a question on a connection that is open, as a probe asks it. The load: 200 small commits a second; now and then a bulk load, an index, a vacuum,
// a checkpoint and a core that is kept busy. Not a benchmark: nothing is compared.
//
//   node bench/state/record-lag.ts [minutes, default 5]
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import pg from 'pg';
import { repository, startTempSystem } from '../heartbeat/temp-system.ts';
import { until } from './contestant.ts';
import { clerkFiles } from './hale.ts';
import { openLedger } from './ledger.ts';

const sampleMs = 500;
const askEveryMs = 100;
const nodes = 3;
const target = 'packages/drill/src/sim/cluster/recorded-lag.ts';
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Flush lag of both standbys, replay lag of both, and the answers of the three nodes, in ms. */
type Sample = number[];

async function connect(url: string, port?: string): Promise<pg.Client> {
  const at = new URL(url);
  if (port !== undefined) Object.assign(at, { port, pathname: '/postgres' });
  const client = new pg.Client({ connectionString: at.href });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Whatever else a database has to do, one after the other, until it is told to stop. */
async function disturb(url: string, isOver: () => boolean): Promise<void> {
  const client = await connect(url);
  await client.query('create table if not exists bulk (id bigint, word text)');
  const deeds = [
    () => client.query(`insert into bulk select i, repeat(md5(i::text), 8) from generate_series(1, 120000) i`),
    () => client.query('create index concurrently if not exists bulk_word on bulk (word)'),
    () => client.query('checkpoint'),
    () => client.query('delete from bulk where id % 3 = 0').then(() => client.query('vacuum bulk')),
    () => spin(8_000),
    () => client.query('drop index bulk_word').then(() => client.query('truncate bulk')),
  ];
  for (let turn = 0; !isOver(); turn++) {
    await deeds[turn % deeds.length]?.();
    for (let i = 0; i < 60 && !isOver(); i++) await pause(100);
  }
  await client.end();
}

async function spin(ms: number): Promise<void> {
  const busy = new Worker('for (;;);', { eval: true });
  await pause(ms);
  await busy.terminate();
}

async function record(url: string, ports: readonly string[], minutes: number): Promise<readonly Sample[]> {
  const askers = await Promise.all(ports.map((port) => connect(url, port)));
  const primary = await connect(url);
  const samples: Sample[] = [];
  let worst: Sample = [];
  const note = (place: number, ms: number) => {
    worst[place] = Math.max(worst[place] ?? 0, Math.round(ms));
  };
  const ask = async (asker: pg.Client, node: number) => {
    const from = performance.now();
    await asker.query(
      'select pg_is_in_recovery(), pg_last_wal_receive_lsn(), (select count(*) from pg_stat_replication)',
    );
    note(2 * (nodes - 1) + node, performance.now() - from);
  };
  const look = async () => {
    const { rows } = await primary.query<{ flush: string | null; replay: string | null }>(
      `select extract(epoch from flush_lag) * 1000 as flush, extract(epoch from replay_lag) * 1000 as replay
         from pg_stat_replication order by application_name`,
    );
    rows.slice(0, nodes - 1).forEach(({ flush, replay }, place) => {
      note(place, Number(flush ?? 0));
      note(nodes - 1 + place, Number(replay ?? 0));
    });
  };
  const untilMs = performance.now() + minutes * 60_000;
  while (performance.now() < untilMs) {
    worst = Array.from({ length: 3 * nodes - 2 }, () => 0);
    const endMs = performance.now() + sampleMs;
    do {
      await Promise.all([look(), ...askers.map(ask)]);
      await pause(askEveryMs);
    } while (performance.now() < endMs);
    samples.push(worst);
  }
  for (const one of [primary, ...askers]) await one.end();
  return samples;
}

function moduleOf(samples: readonly Sample[]): string {
  const lines: string[] = [''];
  for (const sample of samples) {
    const word = `${sample.join(' ')};`;
    if ((lines.at(-1) ?? '').length + word.length > 118) lines.push('');
    lines[lines.length - 1] += word;
  }
  const host = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`;
  return `// How late a living cluster was under load: written by bench/state/record-lag.ts, and not by hand. Three nodes of PostgreSQL on one host of
// ${host}, 200 small commits a second, and bulk loads, indexes, vacuums, checkpoints and a busy core by turns.
// A sample is the worst of half a second, in ms: flush lag of two standbys, replay lag of the two, the answers of three nodes. tide.ts replays it.

export const recordedEveryMs = ${sampleMs};

export const recordedLag: readonly (readonly number[])[] = \`
${lines.join('\n')}\`
  .replaceAll('\\n', '')
  .split(';')
  .filter((sample) => sample !== '')
  .map((sample) => sample.split(' ').map(Number));
`;
}

const minutes = Number(process.argv[2] ?? 5);
const system = await startTempSystem(clerkFiles);
try {
  const urlFile = join(system.folder, 'url');
  await until('the clerk to be told DATABASE_URL', 30_000, async () => readFileSync(urlFile, 'utf8') !== '');
  const url = readFileSync(urlFile, 'utf8');
  const home = join(system.folder, '.hale/data/db');
  const ports = Array.from({ length: nodes }, (_, ordinal) =>
    readFileSync(join(home, `port-${ordinal}`), 'utf8').trim(),
  );
  const ledger = await openLedger({ urls: [url] });
  let isOver = false;
  const disturbance = disturb(url, () => isOver);
  const samples = await record(url, ports, minutes);
  isOver = true;
  await disturbance;
  await ledger.close();
  writeFileSync(join(repository, target), moduleOf(samples));
  const worst = (place: number) => Math.max(...samples.map((sample) => sample[place] ?? 0));
  const summary = Array.from({ length: 3 * nodes - 2 }, (_, place) => worst(place));
  console.log(`${samples.length} samples into ${target}; worst of each column, ms: ${summary.join(' ')}`);
} finally {
  await system.close();
}
