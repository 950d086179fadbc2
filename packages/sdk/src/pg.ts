// Where keyed requests are remembered: a table of your own PostgreSQL, through the library that you have already. The record joins that
// library's own transaction. No library is imported here; each is known by its shape.
import { type PgClient, type PgPool, pgSource } from './idempotency/pg-source.ts';
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
export function pgStore<Client extends PgClient>(
  pool: PgPool<Client>,
  options?: SqlStoreOptions,
): IdempotencyStore<Client> {
  return sqlStore(pgSource(pool), options);
}
