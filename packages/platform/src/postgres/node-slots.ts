// Housekeeping on a node that answers: the slots in which a primary keeps log for its standbys, and what services need. Every
// node has a slot for every other in advance, so that a new primary need not make any before it is followed; a slot that holds
// log for nobody (its node was the primary once), or has lost what it was to keep, is made anew.
import type { Clock } from '@hale/base';
import pg from 'pg';
import type { CopySource } from './copy/source.ts';
import { readPassword } from './data-folder.ts';
import { postgresError } from './errors.ts';
import { type ClusterNode, slotName } from './node-orders.ts';
import {
  type AccountState,
  accountQuestion,
  needsTending,
  serviceVerifier,
  tendServiceAccount,
} from './service-role.ts';

/** What was tended last, by link: a second look costs nothing while the role is the same. */
const tended = new WeakMap<object, string>();

export async function tendSlots(node: ClusterNode, role: 'primary' | 'standby', database: string): Promise<void> {
  if (tended.get(node.link) === role) return;
  const names = Array.from({ length: node.all }, (_, ordinal) => slotName(ordinal));
  for (const name of names) if (name !== slotName(node.place.ordinal)) await tendSlot(node, role, name);
  await dropForeign(node, names);
  if (role === 'primary' && !(await tendServices(node, database))) return;
  tended.set(node.link, role);
}

/** Asked over the line that is open: after a failover nothing is to be done, and that is found out at once. */
async function tendServices({ link, port, home }: ClusterNode, database: string): Promise<boolean> {
  const password = readPassword(home) ?? '';
  const state = await link.ask<AccountState & pg.QueryResultRow>(accountQuestion, [
    serviceVerifier(password),
    database,
  ]);
  return needsTending(state) ? tendServiceAccount({ port, password, database }) : true;
}

async function tendSlot({ link }: ClusterNode, role: 'primary' | 'standby', name: string): Promise<void> {
  const stale = role === 'standby' ? 'restart_lsn is not null' : `wal_status = 'lost'`;
  await link.ask(
    `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active and ${stale}`,
    [name],
  );
  await link.ask(
    'select pg_create_physical_replication_slot($1) where not exists (select from pg_replication_slots where slot_name = $1)',
    [name],
  );
}

/** Nodes that are no longer declared must not hold the log for ever (INV-09). */
async function dropForeign({ link }: ClusterNode, names: readonly string[]): Promise<void> {
  await link.ask(
    `select pg_drop_replication_slot(slot_name) from pg_replication_slots
      where slot_name ~ '^hale_[0-9]+$' and slot_name <> all($1) and not active`,
    [names],
  );
}

const freeWithinMs = 10_000;
const lookEveryMs = 50;

/**
 * Before a copy is made: from here on the source keeps its log for this node, or the copy could not go on from where it ends. Whoever still holds the
 * slot sends to a node that does not run any more, so it is ended. Throws HALE_PLATFORM_POSTGRES_SLOT where it cannot be, and what pg throws.
 */
export async function reserveLog(source: CopySource, ordinal: number, clock: Clock): Promise<void> {
  const client = new pg.Client({
    ...source,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
    application_name: 'hale',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const name = slotName(ordinal);
    await freeSlot(client, name, clock);
    await client.query('select pg_create_physical_replication_slot($1, true)', [name]);
  } finally {
    await client.end().catch(() => {});
  }
}

async function freeSlot(client: pg.Client, name: string, clock: Clock): Promise<void> {
  const deadline = clock.mono() + freeWithinMs;
  for (;;) {
    await client.query(
      'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active',
      [name],
    );
    const { rows } = await client.query<{ pid: number | null }>(
      'select active_pid as pid, pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1',
      [name],
    );
    const [held] = rows;
    if (held === undefined) return;
    if (held.pid !== null) wake(held.pid);
    if (clock.mono() > deadline)
      throw postgresError(
        'HALE_PLATFORM_POSTGRES_SLOT',
        `slot ${name} is held by process ${held.pid}, which does not end: its log cannot be kept for the copy that is to be made`,
      );
    await new Promise<void>((resolve) => void clock.after(lookEveryMs, resolve));
  }
}

/** A sender that stands still hears that it is to end when it goes on. To kill it would take its whole server down with it. */
function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended, or is not ours to wake: the deadline speaks.
  }
}
