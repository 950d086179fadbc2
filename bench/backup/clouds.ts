// What a commit costs when its log must be flushed outside of the database's disk first, and how far the store is behind it: into a folder, into S3 and
// into Azure, both by their emulators on this machine, so what is missing here is the way to a real one. `npm run bench -- clouds`.
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ReceiverStatus } from '@hale/platform/postgres';
import { type Cloud, openYard, startAzure, startS3, type Yard } from '@hale/platform/testing';
import type { Row } from '../row.ts';

const lookEveryMs = 100;

export async function run({ seconds }: { readonly seconds: number }): Promise<readonly Row[]> {
  const rows: Row[] = [];
  rows.push(...(await measure('a folder', seconds, async (yard) => ({ store: `file:${join(yard.root, 'vault')}` }))));
  for (const [name, url, start] of [
    ['S3 (s3rver)', 's3://vault/bench', startS3],
    ['Azure (azurite)', 'azure://vault/bench', startAzure],
  ] as const) {
    rows.push(...(await measure(name, seconds, async () => ({ store: url, cloud: await start('vault') }))));
  }
  return rows;
}

async function measure(
  name: string,
  seconds: number,
  place: (yard: Yard) => Promise<{ readonly store: string; readonly cloud?: Cloud }>,
): Promise<readonly Row[]> {
  const yard = await openYard();
  const { store, cloud } = await place(yard);
  try {
    await yard.start();
    await yard.query('create table ledger (id int)');
    const alone = await commits(yard, seconds);
    const workerData = { url: yard.url(), store, env: cloud?.env ?? {}, spool: join(yard.root, 'spool') };
    const thread = new Worker(new URL('./receiver-thread.ts', import.meta.url), { workerData });
    await yard.query("alter system set synchronous_standby_names = 'hale_wal'");
    await yard.query('select pg_reload_conf()');
    const isSync = "select 1 from pg_stat_replication where application_name = 'hale_wal' and sync_state = 'sync'";
    await yard.until('it is the synchronous one', async () => ((await yard.query(isSync)).rowCount ?? 0) > 0);
    const ages: number[] = [];
    let isOpen = true;
    const looking = (async () => {
      for (; isOpen; await new Promise((resolve) => setTimeout(resolve, lookEveryMs))) {
        thread.postMessage('status');
        const [status] = (await once(thread, 'message')) as [ReceiverStatus];
        if (status.completeUntil > 0) ages.push(yard.clock.wall() - status.completeUntil);
      }
    })();
    const safe = await commits(yard, seconds);
    isOpen = false;
    await looking;
    const stopped = once(thread, 'message');
    thread.postMessage('stop');
    await stopped;
    await thread.terminate();
    const sorted = ages.sort((a, b) => a - b);
    const what = `one client commits, RPO 0, the store is ${name}`;
    return [
      {
        ...{ case: what, metric: `commit p50, n=${safe.n}`, hale: safe.p50, unit: 'ms' },
        ...{ peer: alone.p50, peerName: 'the same without a receiver', ratio: alone.p50 / safe.p50 },
      },
      {
        case: what,
        metric: `the store is behind, median of ${ages.length}`,
        hale: sorted[ages.length >> 1] ?? 0,
        unit: 'ms',
      },
      { case: what, metric: 'the same, max', hale: sorted.at(-1) ?? 0, unit: 'ms' },
    ];
  } finally {
    await yard.dispose();
    await cloud?.close();
  }
}

async function commits(yard: Yard, seconds: number): Promise<{ readonly p50: number; readonly n: number }> {
  const client = await yard.client();
  const times: number[] = [];
  const endMs = yard.clock.mono() + seconds * 1_000;
  while (yard.clock.mono() < endMs) {
    const begun = yard.clock.mono();
    await client.query('insert into ledger values (1)');
    times.push(yard.clock.mono() - begun);
  }
  await client.end();
  return { p50: times.sort((a, b) => a - b)[times.length >> 1] ?? 0, n: times.length };
}
