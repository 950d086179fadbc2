// Clients that know nothing of Hale: a plain pg pool, Drizzle, TypeORM and Prisma, each with the one DATABASE_URL of a cluster whose
// primary is killed under them. Each has the few lines that docs/guides/databases.md tells its user to write, and no more. A piece
// of work is two changes in one transaction, a row with a key and a count, so what was lost and what was done twice both show.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ReplicaView, SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import { eq, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import { openTestHouse, type TestHouse } from './control/testing.ts';
import { connect } from './crowd.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

/** Writes the row `id` and counts it, once, in one transaction. */
type Work = (id: number) => Promise<void>;

interface Opened {
  readonly work: Work;
  close(): Promise<unknown>;
}

interface Shop {
  readonly name: string;
  open(url: string): Promise<Opened>;
}

const inPool = { max: 4, connectionTimeoutMillis: 15_000 } as const;

/** Without the second line a connection that breaks inside a transaction ends the process; without the first, one that idles. */
function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...inPool });
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  return pool;
}

/** A connection on which anything failed is thrown away: whether it still works is not worth finding out. */
async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.release(failure);
  }
}

const plain: Shop = {
  name: 'pg',
  async open(url) {
    const pool = openPool(url);
    const work: Work = (id) =>
      withClient(pool, async (client) => {
        await client.query('begin');
        const { rowCount } = await client.query(`insert into ledger values ('pg', $1) on conflict do nothing`, [id]);
        if (rowCount === 1) await client.query(`update account set balance = balance + 1 where client = 'pg'`);
        await client.query('commit');
      });
    return { work, close: () => pool.end() };
  },
};

/** Not `drizzle(pool).transaction`: where its `begin` meets a dead connection, that one never comes back to the pool. */
const drizzleShop: Shop = {
  name: 'drizzle',
  async open(url) {
    const pool = openPool(url);
    const ledger = pgTable('ledger', { client: text().notNull(), id: integer().notNull() });
    const account = pgTable('account', { client: text().primaryKey(), balance: integer().notNull() });
    const transaction = async (tx: Pick<NodePgDatabase, 'insert' | 'update'>, id: number) => {
      const rows = await tx.insert(ledger).values({ client: 'drizzle', id }).onConflictDoNothing().returning();
      if (rows.length === 0) return;
      const balance = sql`${account.balance} + 1`;
      await tx.update(account).set({ balance }).where(eq(account.client, 'drizzle'));
    };
    const work: Work = (id) => withClient(pool, (client) => drizzle(client).transaction((tx) => transaction(tx, id)));
    return { work, close: () => pool.end() };
  },
};

const typeorm: Shop = {
  name: 'typeorm',
  async open(url) {
    const client = { type: 'text', primary: true } as const;
    const ledger = new EntitySchema({ name: 'ledger', columns: { client, id: { type: 'int', primary: true } } });
    const account = new EntitySchema({ name: 'account', columns: { client, balance: { type: 'int' } } });
    const source = new DataSource({
      ...{ type: 'postgres', url, entities: [ledger, account], poolErrorHandler: () => {} },
      extra: inPool,
    });
    await source.initialize();
    const work: Work = (id) =>
      source.transaction(async (manager) => {
        const row = { client: 'typeorm', id };
        const made = manager.createQueryBuilder().insert().into(ledger).values(row).orIgnore().returning('id');
        const { raw } = await made.execute();
        if (raw.length === 1) await manager.increment(account, { client: 'typeorm' }, 'balance', 1);
      });
    return { work, close: () => source.destroy() };
  },
};

const prismaFolder = fileURLToPath(new URL('../../../.ci/prisma/', import.meta.url));
const prismaThere = existsSync(`${prismaFolder}generated/client.ts`) || process.env['HALE_REQUIRE_REAL'] === '1';

/** What of the generated client is used here; it is no part of this repository. */
interface PrismaLike {
  readonly ledger: { createMany(order: object): Promise<{ count: number }> };
  readonly account: { update(order: object): Promise<unknown> };
  $transaction(work: (tx: PrismaLike) => Promise<void>): Promise<void>;
  $disconnect(): Promise<void>;
}

const prisma: Shop = {
  name: 'prisma',
  async open(url) {
    const { PrismaClient } = await import(`${prismaFolder}generated/client.ts`);
    const { PrismaPg } = await import(`${prismaFolder}node_modules/@prisma/adapter-pg/dist/index.mjs`);
    const adapter = new PrismaPg({ connectionString: url, ...inPool }, { onPoolError: () => {} });
    const db: PrismaLike = new PrismaClient({ adapter });
    const work: Work = (id) =>
      db.$transaction(async (tx) => {
        const { count } = await tx.ledger.createMany({ data: [{ client: 'prisma', id }], skipDuplicates: true });
        const order = { where: { client: 'prisma' }, data: { balance: { increment: 1 } } };
        if (count === 1) await tx.account.update(order);
      });
    return { work, close: () => db.$disconnect() };
  },
};

/** The connection is gone, the server is going or coming, or two transactions were in each other's way. P...: Prisma's words for it. */
const passingCodes =
  /^(08\w{3}|57P0[123]|40001|40P01|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|P1001|P1017|P2024|P2028|P2034)$/;
/** Without a code: what pg says of a connection that is gone, and TypeORM of one that broke between two queries. */
const passingWords = /Connection terminated|timeout exceeded when trying to connect|not queryable|already released/;

interface Wrapped {
  readonly code?: string;
  readonly originalCode?: string;
  readonly message?: string;
  readonly cause?: Wrapped;
  readonly driverError?: Wrapped;
  readonly meta?: { readonly driverAdapterError?: Wrapped };
}

/** An ORM wraps what pg threw: `cause` at Drizzle, `driverError` at TypeORM, deeper still at Prisma. */
function isPassing(error: unknown): boolean {
  let it = error as Wrapped | undefined;
  while (it !== undefined) {
    if (passingCodes.test(it.originalCode ?? it.code ?? '') || passingWords.test(it.message ?? '')) return true;
    it = it.cause ?? it.driverError ?? it.meta?.driverAdapterError;
  }
  return false;
}

async function insist(work: () => Promise<void>, isOver: () => boolean): Promise<boolean> {
  for (let waitMs = 20; !isOver(); waitMs = Math.min(2 * waitMs, 500)) {
    try {
      await work();
      return true;
    } catch (error) {
      if (!isPassing(error)) throw error;
      await sleep(waitMs);
    }
  }
  return false;
}

async function bounded<T>(what: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(25_000, undefined, { signal: over.signal }).then(() => assert.fail(`never: ${what}`));
  late.catch(() => {});
  return Promise.race([work, late]).finally(() => over.abort());
}

/** Four at once, each row insisted upon until it is acknowledged. */
function keepBusy({ work }: Opened) {
  const acked: number[] = [];
  let next = 1;
  let isOpen = true;
  const busy = async () => {
    while (isOpen) {
      const id = next++;
      if (
        await insist(
          () => work(id),
          () => !isOpen,
        )
      )
        acked.push(id);
      await sleep(5);
    }
  };
  const workers = Promise.all([1, 2, 3, 4].map(busy));
  workers.catch(() => {});
  return {
    acked,
    /** Rejects when an error was none to insist after. */
    workers,
    async leave() {
      isOpen = false;
      await workers;
    },
  };
}

describe('unmodified clients of one DATABASE_URL', { skip }, () => {
  const database = buildPostgres({ standbys: 2 });
  const shops = [plain, drizzleShop, typeorm, ...(prismaThere ? [prisma] : [])];
  let house: TestHouse;
  let url: string;
  const isWhole = (view: SystemView) => view.units.find((one) => one.unit === 'db')?.state === 'healthy';
  const primary = async () => {
    const view = await house.untilView('a whole cluster', isWhole);
    return view.replicas.find((one) => one.database === 'primary') as ReplicaView;
  };

  before(async () => {
    house = await openTestHouse({
      parts: (root) => ({
        zones: ['a', 'b', 'c'],
        resources: [database],
        services: [buildWorker({ program: { kind: 'command', argv: ['sleep', '100000'] }, cwd: root, uses: ['db'] })],
      }),
    });
    await house.untilView('a whole cluster', isWhole);
    url = resourceUrl({ root: house.root, resources: { db: database } }, 'db') as string;
    const client = await connect(url);
    await client.query('create table ledger (client text, id int, primary key (client, id))');
    await client.query('create table account (client text primary key, balance int not null)');
    for (const { name } of shops) await client.query('insert into account values ($1, 0)', [name]);
    await client.end();
  });
  after(() => house?.close());

  test('the primary is killed twice: each goes on, nothing acknowledged is lost, nothing is done twice', async (t) => {
    const opened = await Promise.all(shops.map((shop) => shop.open(url)));
    const busy = opened.map(keepBusy);
    const untilAllDid = (count: number) => {
      const had = busy.map(({ acked }) => acked.length);
      const did = house.until(`each of ${shops.map(({ name }) => name)} does ${count} more`, () =>
        busy.every(({ acked }, at) => acked.length >= (had[at] ?? 0) + count),
      );
      return Promise.race([did, ...busy.map(({ workers }) => workers)]);
    };
    try {
      for (const _ of [1, 2]) {
        await untilAllDid(20);
        await house.kill((await primary()).pid);
        await untilAllDid(20);
      }
    } finally {
      const nameAt = (at: number) => shops[at]?.name ?? '';
      await Promise.all(busy.map((one, at) => bounded(`${nameAt(at)} leaves`, one.leave())));
      await Promise.all(opened.map((one, at) => bounded(`${nameAt(at)} closes`, one.close())));
    }
    const client = await connect(url);
    for (const [at, { name }] of shops.entries()) {
      const acked = busy[at]?.acked ?? [];
      const rows = await client.query<{ id: number }>('select id from ledger where client = $1', [name]);
      const counted = await client.query<{ balance: number }>('select balance from account where client = $1', [name]);
      const there = new Set(rows.rows.map(({ id }) => id));
      t.diagnostic(`${name}: ${acked.length} acknowledged, ${there.size} there, ${counted.rows[0]?.balance} counted`);
      assert.deepEqual(
        acked.filter((id) => !there.has(id)),
        [],
        `${name}: acknowledged and lost`,
      );
      assert.equal(counted.rows[0]?.balance, there.size, `${name}: lost or done twice`);
    }
    await client.end();
  });

  test('each makes its own schema as the role of services', async (t) => {
    const entity = new EntitySchema<{ id: string; word: string }>({
      name: 'made',
      columns: { id: { type: 'uuid', primary: true, generated: 'uuid' }, word: { type: String } },
    });
    const source = new DataSource({ type: 'postgres', url, entities: [entity], synchronize: true, schema: 'public' });
    await source.initialize();
    await source.getRepository(entity).save({ word: 'made' });
    await source.destroy();
    // Its migrations are kept in a schema of their own.
    const folder = mkdtempSync(join(tmpdir(), 'hale-orm-'));
    t.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'meta'));
    const entries = [{ idx: 0, version: '7', when: 1, tag: '0000_first', breakpoints: true }];
    writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify({ version: '7', dialect: 'postgresql', entries }));
    writeFileSync(join(folder, '0000_first.sql'), 'create schema drizzled; create table drizzled.notes (n int);');
    const pool = openPool(url);
    await migrate(drizzle(pool), { migrationsFolder: folder });
    await pool.query('insert into drizzled.notes values (1)');
    await pool.end();
  });

  test('Prisma is one of them', {
    skip: prismaThere ? false : 'cd .ci/prisma && npm install && npm run generate',
  }, () => {
    assert.ok(shops.includes(prisma));
  });
});
