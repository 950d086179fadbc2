// Where keyed requests are remembered: a table of your own PostgreSQL, through the library that you have already. The record joins that
// library's own transaction. No library is imported here; each is known by its shape.
import type { Pool, PoolClient } from 'pg';
import { type PgClient, type PgPool, pgSource } from './idempotency/pg-source.ts';
import {
  type DrizzleLike,
  type DrizzleTx,
  drizzleSource,
  type KnexLike,
  type KyselyLike,
  type KyselyTx,
  knexSource,
  kyselySource,
  type PrismaLike,
  prismaSource,
  type TypeormLike,
  typeormSource,
} from './idempotency/sources.ts';
import { type SqlStoreOptions, sqlStore } from './idempotency/sql-store.ts';
import type { IdempotencyStore } from './idempotency/store.ts';

export { type Row, type SqlStoreOptions, sqlStore, type TransactionSource } from './idempotency/sql-store.ts';
export type { IdempotencyStore } from './idempotency/store.ts';

/**
 * Records in pg (node-postgres): `context.tx` is the client on which the transaction is open. Each keyed request holds one connection
 * of the pool while it is handled. Throws HALE_SDK_KEY_OPTION_INVALID.
 *
 * @example
 * const idempotency = createIdempotency({ store: pgStore(new pg.Pool({ max: 20 })), scope: 'orders' });
 */
export function pgStore(pool: Pool, options?: SqlStoreOptions): IdempotencyStore<PoolClient>;
/** The same for whatever looks like a Pool of pg. */
export function pgStore<Client extends PgClient>(
  pool: PgPool<Client>,
  options?: SqlStoreOptions,
): IdempotencyStore<Client>;
export function pgStore<Client extends PgClient>(
  pool: PgPool<Client>,
  options?: SqlStoreOptions,
): IdempotencyStore<Client> {
  return sqlStore(pgSource(pool), options);
}

/**
 * Records in Drizzle's transactions: `context.tx` is the `tx` of `db.transaction(...)`.
 *
 * @example
 * const idempotency = createIdempotency({ store: drizzleStore(db), scope: 'orders' });
 * // in a handler
 * await idempotency.context().tx.insert(orders).values({ sku });
 */
export function drizzleStore<Db extends DrizzleLike>(
  db: Db,
  options?: SqlStoreOptions,
): IdempotencyStore<DrizzleTx<Db>> {
  return sqlStore(drizzleSource(db), options);
}

/** Records in Kysely's transactions: `context.tx` is a `Transaction<DB>`. */
export function kyselyStore<Db extends KyselyLike>(db: Db, options?: SqlStoreOptions): IdempotencyStore<KyselyTx<Db>> {
  return sqlStore(kyselySource(db), options);
}

/** Records in Knex's transactions. `knexStore<Knex.Transaction>(knex)` types `context.tx`. */
export function knexStore<Tx>(knex: KnexLike, options?: SqlStoreOptions): IdempotencyStore<Tx> {
  return sqlStore(knexSource<Tx>(knex), options);
}

/** Records in TypeORM's transactions. `typeormStore<EntityManager>(dataSource)` types `context.tx`. */
export function typeormStore<Tx>(dataSource: TypeormLike, options?: SqlStoreOptions): IdempotencyStore<Tx> {
  return sqlStore(typeormSource<Tx>(dataSource), options);
}

/** Records in Prisma's interactive transactions. `prismaStore<Prisma.TransactionClient>(prisma)` types `context.tx`. */
export function prismaStore<Tx>(prisma: PrismaLike, options?: SqlStoreOptions): IdempotencyStore<Tx> {
  return sqlStore(prismaSource<Tx>(prisma), options);
}
