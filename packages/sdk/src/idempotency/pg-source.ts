// The record in a transaction of pg (node-postgres). Typed by shape: pg itself stays yours, and a Pool of another make that looks the
// same serves as well. A connection on which anything went wrong is thrown away, never put back.
import type { Row, TransactionSource } from './sql-store.ts';

export interface PgClient {
  /** False while a statement is under way. */
  readonly readyForQuery?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads cannot be spelled by shape
  query(text: string): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: what is said differs by event, and pg's overloads cannot be spelled by shape
  on(event: 'error' | 'notice', listener: (said: any) => void): unknown;
  release(destroy?: boolean | Error): void;
}

export interface PgPool<Client extends PgClient> {
  on?(event: 'connect', listener: (client: Client) => void): unknown;
  connect(): Promise<Client>;
}

export function pgSource<Client extends PgClient>(pool: PgPool<Client>): TransactionSource<Client> {
  const listenedTo = new WeakSet<Client>();
  /** Connections whose last commit was called a success while the wait for its standbys had been canceled. */
  const doubted = new WeakSet<Client>();
  // Without a listener a connection that breaks between two statements would end the process; also one that is being thrown away,
  // and one that has just been made. The next statement says it.
  const listen = (client: Client) => {
    if (listenedTo.has(client)) return;
    listenedTo.add(client);
    client.on('error', ignore);
    client.on('notice', ({ code }) => {
      if (code === '01000') doubted.add(client);
    });
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
        doubted.delete(client);
        const { command } = (await client.query('commit')) as { command?: string };
        // PostgreSQL answers a commit of what had failed with a rollback, politely.
        if (command === 'ROLLBACK') throw new Error('the transaction had failed and was rolled back');
        if (doubted.has(client)) await confirm(client, doubted);
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

/**
 * Waits for the standbys in the place of a commit that did not: they have whatever was written before what they have now. A message in the
 * log is a write that leaves nothing behind. Throws when this wait is canceled too, or the right to do it is missing.
 */
async function confirm(client: PgClient, doubted: WeakSet<PgClient>): Promise<void> {
  doubted.delete(client);
  await client.query("select pg_logical_emit_message(true, 'hale', '')");
  if (doubted.has(client)) throw new Error('the wait for the standbys was canceled twice: they may not have it');
}

/** False: the connection is of no use any more. */
function rollBack(client: PgClient): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  );
}

function ignore(): void {}
