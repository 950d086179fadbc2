// For tests: a crowd of plain pg clients who write as fast as they are let, each over one connection that is opened again when it
// breaks, and who write down every acknowledgement they got. Each row has a number of its own, so that a loss has a name.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

let next = 1;

/** Writes into `ledger (id bigint primary key)` until `leave`. */
export function createCrowd(url: string): { readonly acked: ReadonlySet<number>; leave(): Promise<void> } {
  const acked = new Set<number>();
  let isOpen = true;
  const write = async () => {
    let client: pg.Client | undefined;
    while (isOpen) {
      try {
        client ??= await connect(url);
        const id = next++;
        let isDoubted = false;
        const doubt = (notice: { code?: string | undefined }) => {
          // "canceling wait for synchronous replication": a success that is none.
          isDoubted ||= notice.code === '01000';
        };
        client.on('notice', doubt);
        await client.query('insert into ledger values ($1)', [id]);
        client.off('notice', doubt);
        if (!isDoubted) acked.add(id);
        await sleep(5);
      } catch {
        await client?.end().catch(() => {});
        client = undefined;
        await sleep(10);
      }
    }
    await client?.end().catch(() => {});
  };
  const writers = [1, 2, 3, 4].map(write);
  return {
    acked,
    async leave() {
      isOpen = false;
      await Promise.all(writers);
    },
  };
}

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 15_000 });
  client.on('error', () => {});
  await client.connect();
  return client;
}
