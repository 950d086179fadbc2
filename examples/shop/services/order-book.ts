// The order book: orders as rows in PostgreSQL, by way of `service.sql`, which outlives a failover of the database. It says "unavailable" when the
// database stays away and never guesses: an order that may or may not have been written is reported as not acknowledged.
import type { Sql } from '@hale/sdk';
import pg from 'pg';

export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
}

export interface Order extends OrderLine {
  readonly id: string;
  readonly receipt: string;
}

export interface OrderBook {
  get(id: string): Promise<Order | undefined>;
  /** Writes the order, or the same again: idempotent. */
  put(order: Order): Promise<Order>;
  /** Writes a new order in a transaction of `keyed`; `reference` is what its customer knows it by. */
  add(tx: pg.PoolClient, order: Order, reference: string): Promise<Order>;
  /** For keyed requests, which hold a connection while they are handled: they cannot starve the others. */
  readonly keyed: pg.Pool;
  /** References that start with `prefix`, after `after`, in order; one that was used twice stands there twice. */
  list(page: { prefix: string; after: string; limit: number }): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What is needed is away, starting, or was lost in the middle: nothing was promised; the caller may try again. */
export class Unavailable extends Error {}

const schemaLock = 7_201_001;
const schema = `
  create table if not exists orders (
    id text primary key, sku text not null, quantity integer not null, receipt text not null,
    placed_at timestamptz not null default now());
  alter table orders add column if not exists reference text;
  create index if not exists orders_reference on orders (reference);
  update orders set reference = id where reference is null`;

export function openOrderBook(sql: Sql, url: string): OrderBook {
  const keyed = openPool(url);
  let prepared: Promise<unknown> | undefined;

  /** Runs `work` once the table is there; an outage is said as one. */
  const sheltered = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      prepared ??= prepare(sql);
      await prepared;
      return await work();
    } catch (error) {
      if (!isOutage(error)) throw error;
      prepared = undefined;
      throw new Unavailable('the order book is closed for a moment', { cause: error });
    }
  };
  const query = <Row>(text: string, values: unknown[]) => sheltered(() => sql.query<Row>(text, values));
  return {
    async get(id) {
      const { rows } = await query<Order>('select id, sku, quantity, receipt from orders where id = $1', [id]);
      return rows[0];
    },
    async put(order) {
      const { rows } = await query<Order>(
        `insert into orders (id, sku, quantity, receipt, reference) values ($1, $2, $3, $4, $1)
         on conflict (id) do update set sku = $2, quantity = $3, receipt = $4
         returning id, sku, quantity, receipt`,
        [order.id, order.sku, order.quantity, order.receipt],
      );
      return rows[0]!;
    },
    async add(tx, { id, sku, quantity, receipt }, reference) {
      await sheltered(() =>
        tx.query('insert into orders (id, sku, quantity, receipt, reference) values ($1, $2, $3, $4, $5)', [
          ...[id, sku, quantity, receipt, reference],
        ]),
      );
      return { id, sku, quantity, receipt };
    },
    keyed,
    async list({ prefix, after, limit }) {
      // With ties: a reference that stands there twice is seen, even at the end of a page.
      const { rows } = await query<{ reference: string }>(
        `select reference from orders where starts_with(reference, $1) and reference > $2
         order by reference fetch first $3 rows with ties`,
        [prefix, after, limit],
      );
      return rows.map((row) => row.reference);
    },
    close: () => keyed.end(),
  };
}

/** Longer than a failover takes, so that a connection is waited for and not refused. */
function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    idleTimeoutMillis: 30_000,
  });
  // An idle connection that breaks is thrown away by the pool; the next query opens another. Without a listener it would end the process.
  pool.on('error', () => {});
  return pool;
}

/** Three replicas start at once: the lock lets one of them make the table. */
function prepare(sql: Sql): Promise<unknown> {
  return sql.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [schemaLock]);
    await tx.query(schema);
  });
}

/** True for everything but an answer of a healthy server that our statement was wrong. */
function isOutage(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return true;
  // 08: connection; 57P: shutting down or starting; 53: out of disk, memory or connections.
  return code.startsWith('08') || code.startsWith('57P') || code.startsWith('53');
}
