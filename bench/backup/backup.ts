// What it costs to be safe: a restore beside a plain copy of the same bytes, and what is lost when a database is killed and burned
// while clients write, with their own ledger as the judge. HALE_BENCH_MB says how much is restored; --runs how often it burns.
import { cpSync, rmSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createFileStore, drainSpool, openVault, restore, takeBackup } from '@hale/platform/postgres';
import { openYard, type Yard } from '@hale/platform/testing';
import type { Row } from '../row.ts';
import { commitP50, commitsMeasured, createStand } from './commits.ts';

const megabytes = Number(process.env['HALE_BENCH_MB'] ?? 1_000);
const commitsBetweenFires = 100;
const firesPerBackup = 5;

export async function run({ runs }: { readonly runs: number }): Promise<readonly Row[]> {
  return [...(await restoreRows()), ...(await burnRows(runs))];
}

async function restoreRows(): Promise<readonly Row[]> {
  const yard = await openYard();
  try {
    await yard.start();
    await yard.query('create table ballast (id int, text text)');
    // Half of each row is one letter, half is noise: about as far as rows of real systems are packed.
    const batch = `insert into ballast select n, repeat('x', 400) || (select string_agg(md5(n::text || random() || m), '') from generate_series(1, 13) m)
      from generate_series(1, 10000) n`;
    for (let filled = 0; filled < megabytes; filled += 9) await yard.query(batch);
    await yard.query('checkpoint');
    const vault = openVault(createFileStore(join(yard.root, 'vault')));
    const began = yard.clock.mono();
    const manifest = await takeBackup({ url: yard.url(), vault, clock: yard.clock });
    const backupMs = yard.clock.mono() - began;
    await yard.stop();
    const copyMs = timed(yard, () => cpSync(yard.pgdata, join(yard.root, 'copied'), { recursive: true }));
    const copied = await sizeOf(join(yard.root, 'copied'));
    rmSync(join(yard.root, 'copied'), { recursive: true });
    const { clock, engine } = yard;
    const restored = await restore({
      vault,
      target: { kind: 'latest' },
      folder: join(yard.root, 'restored'),
      engine,
      clock,
    });
    const restoreMs = restored.fetchMs + restored.replayMs;
    const what = `${Math.round(manifest.bytes / 1e6)} MB`;
    const peer = { peerName: `plain copy of ${Math.round(copied / 1e6)} MB` };
    return [
      {
        case: `restore of ${what}, started and checked`,
        metric: 'time',
        hale: restoreMs,
        unit: 'ms',
        peer: copyMs,
        ...peer,
        ratio: copyMs / restoreMs,
      },
      {
        case: `of it, fetching and checking`,
        metric: 'time',
        hale: restored.fetchMs,
        unit: 'ms',
        peer: copyMs,
        ...peer,
        ratio: copyMs / restored.fetchMs,
      },
      { case: `backup of ${what}`, metric: 'time', hale: backupMs, unit: 'ms' },
      { case: `backup of ${what}`, metric: 'stored', hale: manifest.newBytes / 1e6, unit: 'MB' },
    ];
  } finally {
    await yard.dispose();
  }
}

function timed(yard: Yard, work: () => void): number {
  const began = yard.clock.mono();
  work();
  return yard.clock.mono() - began;
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
}

/** Kill -9, data folder deleted, restored from store and spool, and the ledger of the clients held against the rows: `runs` times. */
async function burnRows(runs: number): Promise<readonly Row[]> {
  const yard = await openYard();
  const folder = join(yard.root, 'vault');
  const vault = openVault(createFileStore(folder));
  const spool = join(folder, '.spool');
  const stand = createStand(yard, { folder, spool });
  let acknowledged = 0;
  let lost = 0;
  let alone = 0;
  let safe = 0;
  try {
    await yard.start();
    await yard.query('create table ledger (id int primary key)');
    alone = await commitP50(yard, 1_000_000_000);
    const ledger = new Set<number>();
    for (let fire = 0; fire < runs; fire++) {
      // Each fire begins a timeline; without a fresh backup now and then all of them would be replayed every time.
      if (fire % firesPerBackup === 0) await takeBackup({ url: yard.url(), vault, clock: yard.clock });
      const receiver = await stand.waitFor();
      if (fire === 0) safe = await commitP50(yard, 1_500_000_000);
      await writeUntilKilled(yard, ledger);
      await receiver.stop();
      rmSync(yard.pgdata, { recursive: true });
      await drainSpool(vault, spool);
      const { clock, engine } = yard;
      await restore({ vault, target: { kind: 'latest' }, folder: yard.pgdata, engine, clock });
      await yard.start();
      const there = new Set((await yard.query('select id from ledger')).rows.map((row) => row.id as number));
      lost += [...ledger].filter((id) => !there.has(id)).length;
      acknowledged = ledger.size;
    }
  } finally {
    await stand.leave();
    await yard.dispose();
  }
  return [
    {
      case: `${runs} times killed and burned under 4 clients`,
      metric: `of ${acknowledged} acknowledged, lost`,
      hale: lost,
      unit: 'commits',
    },
    {
      ...{
        case: `commit, n=${commitsMeasured}`,
        metric: 'p50',
        hale: safe,
        unit: 'ms',
        peer: alone,
        ratio: alone / safe,
      },
      peerName: 'the same database without the receiver',
    },
  ];
}

async function writeUntilKilled(yard: Yard, ledger: Set<number>): Promise<void> {
  const goal = ledger.size + commitsBetweenFires;
  let next = ledger.size === 0 ? 1 : Math.max(...ledger) + 1_000;
  const clients = [1, 2, 3, 4].map(async () => {
    const client = await yard.client();
    try {
      for (;;) {
        const id = next++;
        await client.query('insert into ledger values ($1)', [id]);
        ledger.add(id);
      }
    } catch {
      // Killed in the middle: that one was not acknowledged, and may be there or not.
    }
  });
  await yard.until('enough was written', () => ledger.size > goal);
  await yard.kill();
  await Promise.all(clients);
}
