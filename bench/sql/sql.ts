// What the receipt book costs: the same transaction (begin, one insert, commit) through service.sql and through plain pg, on one PostgreSQL that
// flushes each commit, in turns so that both meet the same machine. And what it costs where nothing is flushed, which shows the trip alone.

import { openYard, type Yard } from '@hale/platform/testing';
import { createSql } from '@hale/sdk';
import pg from 'pg';
import type { Row } from '../row.ts';

const turns = 6;

export async function run({ seconds }: { readonly seconds: number }): Promise<readonly Row[]> {
  const yard = await openYard();
  try {
    await yard.start();
    await yard.query('create table plain (n int)');
    await yard.query('create table kept (n int)');
    const rows: Row[] = [];
    for (const flushes of [true, false]) {
      for (const clients of [1, 8]) rows.push(...(await compare(yard, { flushes, clients, seconds })));
    }
    return rows;
  } finally {
    await yard.dispose();
  }
}

async function compare(
  yard: Yard,
  { flushes, clients, seconds }: { readonly flushes: boolean; readonly clients: number; readonly seconds: number },
): Promise<readonly Row[]> {
  await yard.query(`alter system set synchronous_commit = ${flushes ? 'on' : 'off'}`);
  await yard.query('select pg_reload_conf()');
  const sql = createSql(undefined, { url: yard.url(), connections: clients });
  const pool = new pg.Pool({ connectionString: yard.url(), max: clients });
  pool.on('error', () => {});
  const kept = () => sql.transaction((tx) => tx.query('insert into kept values ($1)', [1]));
  const plain = async () => {
    const client = await pool.connect();
    await client.query('begin');
    await client.query('insert into plain values ($1)', [1]);
    await client.query('commit');
    client.release();
  };
  const turnMs = (seconds * 1_000) / turns;
  try {
    const done = { kept: [] as number[], plain: [] as number[] };
    for (let turn = 0; turn <= turns; turn++) {
      for (const [name, work] of [['kept', kept] as const, ['plain', plain] as const]) {
        const times = await timesOf(work, { clients, ms: turnMs });
        // The first turn warms both.
        if (turn > 0) done[name].push(...times);
      }
    }
    const [ours, peer] = [median(done.kept), median(done.plain)];
    const words = `${clients} client${clients === 1 ? '' : 's'}, ${flushes ? 'each commit flushed' : 'no flush'}`;
    return [
      {
        ...{ case: `a transaction of one insert, ${words}`, metric: `p50, n=${done.kept.length}`, unit: 'ms' },
        ...{ hale: ours, peer, peerName: 'plain pg', ratio: peer / ours },
      },
    ];
  } finally {
    await Promise.all([sql.close(), pool.end()]);
  }
}

async function timesOf(
  work: () => Promise<unknown>,
  { clients, ms }: { readonly clients: number; readonly ms: number },
): Promise<readonly number[]> {
  const times: number[] = [];
  const endMs = performance.now() + ms;
  const client = async () => {
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      await work();
      const doneMs = performance.now();
      times.push(doneMs - nowMs);
      nowMs = doneMs;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return times;
}

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
