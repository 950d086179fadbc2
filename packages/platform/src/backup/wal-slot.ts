// The bookmark at the server: a slot keeps the log from where it is, for whoever reads from it, and lets one line at a time do so.
import { isHaleError } from '@hale/base';
import type { ReplicationConnection } from './replication-connection.ts';
import type { Place } from './timeline-step.ts';
import { parseLsn } from './wal-name.ts';

/** Makes it where there is none. Throws HALE_PLATFORM_BACKUP_SOURCE. */
export async function ensureSlot(line: ReplicationConnection, slot: string): Promise<void> {
  await line.query(`CREATE_REPLICATION_SLOT ${quoted(slot)} PHYSICAL RESERVE_WAL`).catch((error: unknown) => {
    const exists = isHaleError(error) && error.details['sqlstate'] === '42710';
    if (!exists) throw error;
  });
}

/** Where it keeps the log from; undefined when it keeps nothing yet. */
export async function slotPlace(line: ReplicationConnection, slot: string): Promise<Place | undefined> {
  const [row] = await line.query(`READ_REPLICATION_SLOT ${quoted(slot)}`);
  const lsn = row?.['restart_lsn'];
  return lsn === undefined || lsn === null ? undefined : { timeline: Number(row?.['restart_tli']), at: parseLsn(lsn) };
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
