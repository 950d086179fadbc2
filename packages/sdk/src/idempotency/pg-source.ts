// The record in a transaction of pg (node-postgres). Typed by shape: pg itself stays yours, and a Pool of another make that looks the
// same serves as well. A connection on which anything went wrong is thrown away, never put back.
import type { Row, TransactionSource } from './sql-store.ts';

export interface PgClient {
  /** False while a statement is under way. */
  readonly readyForQuery?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads cannot be spelled by shape
  query(text: string): Promise<any>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  release(destroy?: boolean | Error): void;
}

export interface PgPool<Client extends PgClient> {
  on?(event: 'connect', listener: (client: Client) => void): unknown;
  connect(): Promise<Client>;
}

export function pgSource<Client extends PgClient>(pool: PgPool<Client>): TransactionSource<Client> {
  const listenedTo = new WeakSet<Client>();
  // Without a listener a connection that breaks between two statements would end the process; also one that is being thrown away,
  // and one that has just been made. The next statement says it.
  const listen = (client: Client) => {
    if (!listenedTo.has(client)) client.on('error', ignore);
    listenedTo.add(client);
  };
  pool.on?.('connect', listen);
  /** Their `begin` travels with their first statement. */
  const unbegun = new WeakSet<Client>();
  const send = async (client: Client, texts: readonly string[]): Promise<readonly { rows: Row[] }[]> => {
    const all = unbegun.delete(client) ? ['begin', ...texts] : texts;
    const results = (await client.query(all.join(';'))) as { rows: Row[] } | { rows: Row[] }[];
    return Array.isArray(results) ? results.slice(-texts.length) : [results];
  };
  return {
    async transact(work) {
      const client = await pool.connect();
      let clean = false;
      listen(client);
      try {
        unbegun.add(client);
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
        client.release(!clean);
      }
    },
    isBusy: (client) => client.readyForQuery === false,
    async query(client, text) {
      const [only] = await send(client, [text]);
      return only!.rows;
    },
    async queryPair(client, texts) {
      const [one, other] = await send(client, texts);
      return [one!.rows, other!.rows];
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
