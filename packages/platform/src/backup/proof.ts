// The fire drill of a backup: a scratch database is built from the store alone, started, read table by table and index by index, and
// thrown away. What was found, how long it took and how old the newest thing was, is written beside the backup. Only a backup
// with a good report is a proven one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import { isHaleError } from '@hale/base';
import type pg from 'pg';
import type { Proof } from './catalogue.ts';
import type { RecoveryEngine } from './recovery.ts';
import { type Restored, type RestoreProgress, restore } from './restore.ts';
import { takenAway } from './restore-plan.ts';
import type { Target } from './target.ts';
import { manifestKey, putSealed, type Vault } from './vault.ts';

export interface ProofOrder {
  readonly vault: Vault;
  readonly engine: RecoveryEngine;
  readonly clock: Clock;
  /** 'latest' without it: the newest backup and all of the log. */
  readonly target?: Target;
  /** Where the scratch database may lie meanwhile; the system's temporary folder without it. */
  readonly scratch?: string;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

interface Looked {
  readonly tables: Proof['tables'];
  readonly indexesChecked: number;
  readonly problems: readonly string[];
}

type Connect = (database: string) => Promise<pg.Client>;

/**
 * The report, which was also stored. A restore that is refused or fails is a report too; throws only what the store throws, and
 * HALE_PLATFORM_BACKUP_UNKNOWN where a clean-up took the backup away meanwhile: that is no fault of it.
 */
export async function prove(order: ProofOrder): Promise<Proof> {
  const { vault, engine, clock, target = { kind: 'latest' }, onProgress } = order;
  let id: string | undefined;
  const room = await mkdtemp(join(order.scratch ?? tmpdir(), 'hale-proof-'));
  const begun = clock.mono();
  let looked: Looked = { tables: [], indexesChecked: 0, problems: [] };
  let rtoMs = 0;
  let restored: Restored | undefined;
  let failure: string | undefined;
  try {
    const inspect = async (connect: Connect) => {
      rtoMs = clock.mono() - begun;
      looked = await lookAtAll(connect);
    };
    const more = onProgress === undefined ? {} : { onProgress };
    const onChoice = (chosen: string) => {
      id = chosen;
    };
    const folder = join(room, 'pgdata');
    restored = await restore({ vault, target, folder, engine, clock, inspect, onChoice, ...more });
  } catch (error) {
    // Where no backup was chosen there is nothing to report on.
    if (id === undefined || !isHaleError(error) || !error.code.startsWith('HALE_PLATFORM_BACKUP_')) throw error;
    failure = `${error.message} (${error.code})`;
  } finally {
    // Files of a restore that broke off may still be on their way.
    await rm(room, { recursive: true, force: true, maxRetries: 10 });
  }
  if (id === undefined || (await vault.store.head(manifestKey(id))) === undefined) throw takenAway(id ?? '');
  const problems = [...(failure === undefined ? [] : [failure]), ...looked.problems];
  const at = clock.wall();
  const proof: Proof = {
    ...{
      backup: id,
      at,
      ok: problems.length === 0,
      problems,
      tables: looked.tables,
      indexesChecked: looked.indexesChecked,
    },
    ...{ rtoMs: Math.round(rtoMs), bytes: restored?.bytes ?? 0, completeUntil: restored?.completeUntil },
    rpoMs: restored && Math.max(0, Math.round(at - (clock.mono() - begun) - restored.completeUntil)),
  };
  const stamp = Math.floor(at).toString(16).padStart(12, '0');
  await putSealed(vault, `proof/${id}/${stamp}`, { content: Buffer.from(JSON.stringify(proof)), stamp: at });
  return proof;
}

async function lookAtAll(connect: Connect): Promise<Looked> {
  const asked = await ask(connect, 'postgres', (client) =>
    client.query<{ name: string }>('select datname as name from pg_database where datallowconn order by 1'),
  );
  const all: Looked[] = [];
  for (const { name } of asked.rows) all.push(await ask(connect, name, (client) => lookAt(client, name)));
  return {
    tables: all.flatMap(({ tables }) => tables),
    indexesChecked: all.reduce((sum, { indexesChecked }) => sum + indexesChecked, 0),
    problems: all.flatMap(({ problems }) => problems),
  };
}

async function lookAt(client: pg.Client, database: string): Promise<Looked> {
  const problems: string[] = [];
  const tables: { database: string; table: string; rows: number }[] = [];
  const hasCheck = await client.query('create extension if not exists amcheck').then(
    () => true,
    () => false,
  );
  if (!hasCheck) problems.push(`${database}: amcheck is not installed, so pages and indexes were not looked at`);
  const relations = await client.query<{ oid: string; name: string; kind: string; own: boolean }>(relationsQuery);
  let indexesChecked = 0;
  for (const { oid, name, kind, own } of relations.rows) {
    try {
      if (kind === 'i') {
        if (hasCheck) await client.query('select bt_index_check($1::oid, true)', [oid]);
        indexesChecked++;
        continue;
      }
      if (hasCheck) {
        const found = await client.query<{ msg: string }>('select msg from verify_heapam($1::oid) limit 3', [oid]);
        problems.push(...found.rows.map(({ msg }) => `${database}: table ${name}: ${msg}`));
      }
      if (!own) continue;
      const counted = await client.query<{ n: string }>(`select count(*) as n from ${name}`);
      tables.push({ database, table: name, rows: Number(counted.rows[0]?.n) });
    } catch (error) {
      problems.push(`${database}: ${kind === 'i' ? 'index' : 'table'} ${name}: ${(error as Error).message}`);
    }
  }
  return { tables, indexesChecked, problems };
}

/** Tables and B-tree indexes that lie on disk; of the user's own tables the rows are counted too. */
const relationsQuery = `
  select c.oid::text as oid, c.oid::regclass::text as name, c.relkind::text as kind,
    n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') as own
  from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_am a on a.oid = c.relam
  where c.relpersistence = 'p'
    and ((c.relkind in ('r', 'm', 't') and a.amname = 'heap')
      or (c.relkind = 'i' and a.amname = 'btree' and exists (select 1 from pg_index x where x.indexrelid = c.oid and x.indisvalid)))
  order by c.oid`;

async function ask<T>(connect: Connect, database: string, question: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(database);
  try {
    await client.query('set search_path = pg_catalog, public');
    return await question(client);
  } finally {
    await client.end();
  }
}
