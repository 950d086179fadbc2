// How an old primary comes back. Twice: the copy alone, on a node that parted ways by about ten megabytes (how much of it is fetched, beside a plain
// copy of the folder), and the whole of it in a running cluster, from kill -9 until three nodes are there again. HALE_BENCH_MB is the size of the first
// (1,000), the second has fifty megabytes; `npm run bench -- rejoin --runs N`.
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyCluster } from '@hale/platform/postgres';
import { openYard } from '@hale/platform/testing';
import pg from 'pg';
import { startTempSystem } from '../heartbeat/temp-system.ts';
import type { Row } from '../row.ts';
import { spreadOf } from './account.ts';
import { strike, withDescendants } from './cage.ts';
import { clerkFiles } from './hale.ts';
import { look, primaryOf, untilWhole } from './picture.ts';

const megabytes = Number(process.env['HALE_BENCH_MB'] ?? 1_000);
const clusterMegabytes = 50;
const wholeBoundMs = 120_000;

/** A megabyte and a bit of pages, half of it noise. */
const batch = `insert into ballast select n, repeat('x', 400) || (select string_agg(md5(n::text || random() || m), '') from generate_series(1, 13) m)
  from generate_series(1, 1200) n`;

export async function run({ runs }: { readonly runs: number }): Promise<readonly Row[]> {
  return [...(await copyRows()), ...(await clusterRows(runs))];
}

async function copyRows(): Promise<readonly Row[]> {
  const yard = await openYard();
  try {
    await yard.start();
    await yard.query('create table ballast (id int, text text)');
    for (let filled = 0; filled < megabytes; filled++) await yard.query(batch);
    await yard.query('create index on ballast (id)');
    await yard.query('checkpoint');
    await yard.stop();
    const old = join(yard.root, 'old');
    const copied = performance.now();
    cpSync(yard.pgdata, old, { recursive: true });
    const plainMs = performance.now() - copied;
    await yard.start();
    // Ten rows in a hundred thousand bytes: the old place of each and its new one are pages that changed.
    await yard.query('update ballast set text = text where ctid < $1::tid', ['(640,0)']);
    await yard.query('checkpoint');
    const at = new URL(yard.url());
    const source = {
      ...{ host: '127.0.0.1', port: Number(at.port), user: at.username },
      password: decodeURIComponent(at.password),
    };
    const begun = performance.now();
    const { bytesTotal, bytesCopied } = await copyCluster(source, old);
    const deltaMs = performance.now() - begun;
    const what = `a node of ${Math.round(bytesTotal / 1e6)} MB that parted ways by 10 MB`;
    const share = (100 * bytesCopied) / bytesTotal;
    return [
      { case: what, metric: 'fetched', hale: bytesCopied / 1e6, unit: 'MB' },
      { case: what, metric: 'of the whole', hale: share, unit: '%' },
      {
        ...{ case: what, metric: 'time', hale: deltaMs, unit: 'ms' },
        ...{ peer: plainMs, peerName: 'plain copy of the folder', ratio: plainMs / deltaMs },
      },
    ];
  } finally {
    await yard.dispose();
  }
}

async function clusterRows(runs: number): Promise<readonly Row[]> {
  const system = await startTempSystem(clerkFiles);
  try {
    await untilWhole(system, wholeBoundMs);
    const client = new pg.Client({ connectionString: readFileSync(join(system.folder, 'url'), 'utf8') });
    client.on('error', () => {});
    await client.connect();
    await client.query('create table ballast (id int, text text)');
    for (let filled = 0; filled < clusterMegabytes; filled++) await client.query(batch);
    await client.end();
    const times: number[] = [];
    for (let n = 0; n < runs; n++) {
      await untilWhole(system, wholeBoundMs);
      const primary = primaryOf(await look(system));
      if (primary?.pid === undefined) throw new Error('there is no primary to kill');
      const begun = performance.now();
      await strike(withDescendants([primary.pid]));
      await untilWhole(system, wholeBoundMs, 'all three to be back');
      times.push(performance.now() - begun);
    }
    const { n, median, tailName, tail } = spreadOf(times);
    const what = `the old primary of ${clusterMegabytes} MB is a standby that is up to date, after kill -9`;
    return [
      { case: what, metric: `median of ${n}`, hale: median, unit: 'ms' },
      { case: what, metric: tailName, hale: tail, unit: 'ms' },
    ];
  } finally {
    await system.close();
    rmSync(system.folder, { recursive: true, force: true });
  }
}
