// Puts a segment together from what lies in the store, and looks at every page of it before anybody relies on it.
import { envelopeHeadBytes, type Opened, stampOf } from './envelope.ts';
import { backupError, isDamage } from './errors.ts';
import { type Cluster, readSealed, type Vault } from './vault.ts';
import { checkPages } from './wal-pages.ts';
import type { PlannedSegment } from './wal-plan.ts';
import { segmentKey, standInKey } from './wal-shelf.ts';

/** As many bytes as there are of it. Throws HALE_PLATFORM_BACKUP_DAMAGED. */
export async function readSegment(vault: Vault, planned: PlannedSegment, cluster: Cluster): Promise<Buffer> {
  const content = Buffer.alloc(planned.filled);
  for (const piece of planned.pieces) {
    const opened = await readSealed(vault, piece.key).catch(async (error: unknown) => {
      const standIn = piece.whole && isDamage(error) && (await readStandIn(vault, planned, cluster));
      if (standIn) return standIn;
      throw error;
    });
    // Whoever receives the log meanwhile takes pieces away once the whole is there.
    const whole = opened === undefined ? await readWhole(vault, planned, cluster) : undefined;
    if (whole !== undefined) {
      content.set(whole.subarray(0, planned.filled));
      break;
    }
    if (opened?.content.length !== piece.to - piece.from) {
      const why = opened === undefined ? 'was taken away' : 'has another length than its name says';
      throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${piece.key} ${why}`, { details: { object: piece.key } });
    }
    content.set(opened.content, piece.from);
  }
  const { segment, ownFrom } = planned;
  checkPages(content, {
    segment,
    ownFrom,
    segmentBytes: cluster.segmentBytes,
    systemIdentifier: cluster.systemIdentifier,
  });
  return content;
}

async function readWhole(vault: Vault, { segment }: PlannedSegment, cluster: Cluster): Promise<Buffer | undefined> {
  return (await readSealed(vault, segmentKey(segment, cluster.segmentBytes)))?.content;
}

/** What somebody stored beside a whole segment that he found damaged. */
async function readStandIn(vault: Vault, { segment }: PlannedSegment, cluster: Cluster): Promise<Opened | undefined> {
  return readSealed(vault, standInKey(segment, cluster.segmentBytes));
}

/**
 * Until when (Unix ms) the log is complete with this segment, by the heads of its pieces. A mark or a piece that was taken away since it
 * was listed has a younger one in its place, which says less than is true for a moment only.
 */
export async function stampOfSegment(vault: Vault, planned: Pick<PlannedSegment, 'pieces' | 'marks'>): Promise<number> {
  const stamps = await Promise.all([...planned.pieces, ...planned.marks].map(({ key }) => headStamp(vault, key)));
  return Math.max(0, ...stamps.map((stamp) => stamp ?? 0));
}

/** Without fetching it whole. Throws HALE_PLATFORM_BACKUP_DAMAGED. */
export async function stampOfObject(vault: Vault, key: string): Promise<number> {
  const stamp = await headStamp(vault, key);
  if (stamp !== undefined) return stamp;
  throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${key} was taken away`, { details: { object: key } });
}

async function headStamp(vault: Vault, key: string): Promise<number | undefined> {
  const body = await vault.store.get(key, { from: 0, to: envelopeHeadBytes });
  if (body === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return stampOf(key, Buffer.concat(pieces));
}
