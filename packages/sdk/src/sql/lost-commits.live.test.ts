// Hundreds of commits whose answers never come, on a real PostgreSQL: each transaction must have happened exactly once when it was said to be done,
// and not at all when it was said not to be. The row has no key that would hide a second one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng, randomSeed } from '@hale/base';
import pg from 'pg';
import { skipWithoutPostgres, startTestDatabase } from '../idempotency/testing/database.ts';
import { createSql } from './sql.ts';
import { openHostileLine } from './testing/hostile-line.ts';

const skip = skipWithoutPostgres();
const lostMin = 400;

test('a commit whose answer is lost is looked up: done once, or not at all', { skip, timeout: 120_000 }, async (t) => {
  const seed = Number(process.env['HALE_SEED'] ?? randomSeed());
  t.diagnostic(`HALE_SEED=${seed}`);
  const rng = createRng(seed);
  const database = await startTestDatabase(t);
  const eye = new pg.Client({ connectionString: database.url });
  eye.on('error', () => {});
  await eye.connect();
  t.after(() => eye.end());
  await eye.query('create table effects (key text not null)');
  const url = new URL(database.url);
  const line = await openHostileLine(Number(url.port), { rng, rate: 0.4 });
  t.after(() => line.close());
  url.port = String(line.port);
  const sql = createSql(undefined, { url: url.href, connections: 6, timeoutMs: 30_000 });
  t.after(() => sql.close());

  const lost = () => line.played.swallow + line.played.deaf + line.played.blind + line.played.late;
  const done: string[] = [];
  const refused: string[] = [];
  const buy = async (client: number) => {
    for (let serial = 0; lost() < lostMin; serial++) {
      const key = `c${client}-${serial}`;
      // One in ten changes its mind: nothing of it may stay.
      const gaveUp = rng.below(10) === 0;
      const work = async (tx: { query(text: string, values: unknown[]): Promise<unknown> }) => {
        await tx.query('insert into effects values ($1)', [key]);
        if (gaveUp) throw new Error('changed its mind');
      };
      await sql.transaction(work).then(
        () => done.push(key),
        (error: Error) => {
          assert.equal(error.message, 'changed its mind');
          refused.push(key);
        },
      );
    }
  };
  await Promise.all(Array.from({ length: 12 }, (_, client) => buy(client)));
  // What was sent late arrives before the books are closed.
  await sql.query('select 1');
  await new Promise((resolve) => setTimeout(resolve, 200));

  const { rows } = (await eye.query('select key, count(*)::int as n from effects group by key')) as {
    rows: { key: string; n: number }[];
  };
  const there = new Map(rows.map(({ key, n }) => [key, n]));
  t.diagnostic(`${done.length} done, ${refused.length} given up, tricks ${JSON.stringify(line.played)}`);
  assert.deepEqual(
    [...there].filter(([, n]) => n > 1),
    [],
    'done twice',
  );
  assert.deepEqual(
    done.filter((key) => !there.has(key)),
    [],
    'said to be done, and is not there',
  );
  assert.deepEqual(
    refused.filter((key) => there.has(key)),
    [],
    'said not to be done, and is there',
  );
  for (const [trick, n] of Object.entries(line.played)) assert.ok(n > 0, `no commit met '${trick}'`);
  const { rows: lanes } = (await eye.query('select count(*)::int as n from hale_commits')) as { rows: { n: number }[] };
  assert.ok(lanes[0]!.n <= 12, `lanes are used again: there are ${lanes[0]!.n}`);
});
