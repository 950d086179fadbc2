// The slot in which a database keeps its log for our receiver. Nobody who is not followed any more may go on keeping it: it would fill
// the disk for nobody (INV-09).
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import pg from 'pg';
import { receiverName } from './receiver-name.ts';

const tries = 20;
const againMs = 100;
/** All of its lines'. */
const pattern = `^${receiverName}(_[0-9]+)?$`;

/** As far as the database lets us: a receiver that has just gone holds it for a moment. Never throws. */
export async function forgetSlot(url: () => string, clock: Clock): Promise<void> {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client({
      ...{ connectionString: url(), application_name: 'hale backup' },
      ...{ connectionTimeoutMillis: 2_000, query_timeout: 2_000 },
    });
    client.on('error', () => {});
    await client.connect();
    for (let left = tries; left > 0; left--) {
      const ours = 'from pg_replication_slots where slot_name ~ $1';
      await client.query(`select pg_drop_replication_slot(slot_name) ${ours} and not active`, [pattern]);
      const { rowCount } = await client.query(`select 1 ${ours}`, [pattern]);
      if (rowCount === 0) return;
      await new Promise<void>((resolve) => void clock.after(againMs, resolve));
    }
  } catch {
    // A database that is down is tidied before its next start (see removeSlot).
  } finally {
    await client?.end().catch(() => {});
  }
}

/** Of a database that does not run. */
export async function removeSlot(pgdata: string): Promise<void> {
  const folder = join(pgdata, 'pg_replslot');
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => new RegExp(pattern).test(one)))
    await rm(join(folder, name), { recursive: true, force: true });
}
