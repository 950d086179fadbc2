// The same record through the transactions of Drizzle, Kysely, Knex, TypeORM and Prisma. Each is known by its shape: what a `transaction`
// takes, and how a text is run in it. Nothing is imported from them, and each keeps its own pool, dialect and habits.
import type { Row, TransactionSource } from './sql-store.ts';

// biome-ignore lint/suspicious/noExplicitAny: the libraries' own types are wider than what is asked of them here
type Loose = any;

type Given<Callback> = Callback extends (tx: infer Tx, ...rest: never[]) => unknown ? Tx : never;

/** Drizzle on node-postgres, postgres.js, Neon's sockets...: whatever has interactive transactions. */
export interface DrizzleLike {
  transaction(work: (tx: Loose) => Promise<Loose>, ...rest: Loose[]): Promise<Loose>;
}
export type DrizzleTx<Db extends DrizzleLike> = Given<Parameters<Db['transaction']>[0]>;

export function drizzleSource<Db extends DrizzleLike>(db: Db): TransactionSource<DrizzleTx<Db>> {
  return {
    transact: (work) => db.transaction((tx: Loose) => work(tx)),
    query: async (tx, text) => rowsOf(await (tx as Loose).execute(text)),
  };
}

export interface KyselyLike {
  transaction(): { execute(work: (tx: Loose) => Promise<Loose>): Promise<Loose> };
}
export type KyselyTx<Db extends KyselyLike> = Given<Parameters<ReturnType<Db['transaction']>['execute']>[0]>;

export function kyselySource<Db extends KyselyLike>(db: Db): TransactionSource<KyselyTx<Db>> {
  let serial = 0;
  return {
    transact: (work) => db.transaction().execute((tx: Loose) => work(tx)),
    // A compiled query by hand: what Kysely's own `CompiledQuery.raw` makes.
    query: async (tx, text) => {
      const query = { kind: 'RawNode', sqlFragments: [text], parameters: [] };
      return rowsOf(
        await (tx as Loose).executeQuery({
          sql: text,
          query,
          parameters: [],
          queryId: { queryId: `hale-${++serial}` },
        }),
      );
    },
  };
}

export interface KnexLike {
  transaction(work: (tx: Loose) => Promise<Loose>, ...rest: Loose[]): Promise<Loose>;
}

/** `Tx`: give it `Knex.Transaction`; its overloads hide it from inference. */
export function knexSource<Tx>(knex: KnexLike): TransactionSource<Tx> {
  return {
    transact: (work) => knex.transaction((tx: Loose) => work(tx)),
    query: async (tx, text) => rowsOf(await (tx as Loose).raw(text)),
  };
}

/** `Tx`: give it TypeORM's `EntityManager`. */
export interface TypeormLike {
  transaction(work: (manager: Loose) => Promise<Loose>): Promise<Loose>;
}

export function typeormSource<Tx>(dataSource: TypeormLike): TransactionSource<Tx> {
  return {
    transact: (work) => dataSource.transaction((manager: Loose) => work(manager)),
    query: async (manager, text) => rowsOf(await (manager as Loose).query(text)),
  };
}

export interface PrismaLike {
  $transaction(work: (tx: Loose) => Promise<Loose>, options?: Loose): Promise<Loose>;
}

/** `Tx`: give it `Prisma.TransactionClient`. */
export function prismaSource<Tx>(prisma: PrismaLike): TransactionSource<Tx> {
  return {
    // Prisma ends an interactive transaction after 5 s unless it is told otherwise.
    transact: (work, timeoutMs) =>
      prisma.$transaction((tx: Loose) => work(tx), { timeout: timeoutMs, maxWait: timeoutMs }),
    query: async (tx, text) => {
      const client = tx as Loose;
      // What gives rows back is asked for; what makes something is only executed: Prisma wants to know which.
      if (/^\s*create\b/i.test(text)) await client.$executeRawUnsafe(text);
      else return rowsOf(await client.$queryRawUnsafe(text));
      return [];
    },
  };
}

/** An array, or pg's result around one. */
function rowsOf(result: unknown): readonly Row[] {
  return (Array.isArray(result) ? result : ((result as { rows?: Row[] } | undefined)?.rows ?? [])) as readonly Row[];
}
