// The record in a transaction of pg (node-postgres). Typed by shape: pg itself stays yours, and a Pool of another make that looks the
// same serves as well. A connection on which anything went wrong is thrown away, never put back.
import type { Row, TransactionSource } from './sql-store.ts';

export interface PgClient {
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads cannot be spelled by shape
  query(text: string): Promise<any>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  release(destroy?: boolean | Error): void;
}

export interface PgPool<Client extends PgClient> {
  connect(): Promise<Client>;
}

export function pgSource<Client extends PgClient>(pool: PgPool<Client>): TransactionSource<Client> {
  return {
    async transact(work) {
      const client = await pool.connect();
      let clean = false;
      // Without a listener a connection that breaks between two statements would end the process. The next statement says it.
      client.on('error', ignore);
      try {
        await client.query('begin');
        const result = await work(client);
        const { command } = (await client.query('commit')) as { command?: string };
        // PostgreSQL answers a commit of what had failed with a rollback, politely.
        if (command === 'ROLLBACK') throw new Error('the transaction had failed and was rolled back');
        clean = true;
        return result;
      } catch (error) {
        if (!clean) clean = await rollBack(client);
        throw error;
      } finally {
        client.off('error', ignore);
        client.release(!clean);
      }
    },
    async query(client, text) {
      const { rows } = (await client.query(text)) as { rows: Row[] };
      return rows;
    },
  };
}

/** False: the connection is of no use any more. */
function rollBack(client: PgClient): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  );
}

function ignore(): void {}
