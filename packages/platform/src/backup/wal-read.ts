// Puts a segment together from what lies in the store, and looks at every page of it before anybody relies on it.
import { envelopeHeadBytes, stampOf } from './envelope.ts';
import { backupError } from './errors.ts';
import { type Cluster, readSealed, type Vault } from './vault.ts';
import { checkPages } from './wal-pages.ts';
import type { PlannedSegment } from './wal-plan.ts';

/** As many bytes as there are of it. Throws HALE_PLATFORM_BACKUP_DAMAGED. */
export async function readSegment(vault: Vault, planned: PlannedSegment, cluster: Cluster): Promise<Buffer> {
  const content = Buffer.alloc(planned.filled);
  for (const piece of planned.pieces) {
    const opened = await readSealed(vault, piece.key);
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

/** Until when (Unix ms) the log is complete with this segment, by the heads of its pieces. */
export async function stampOfSegment(vault: Vault, planned: PlannedSegment): Promise<number> {
  const stamps = await Promise.all([...planned.pieces, ...planned.marks].map(({ key }) => stampOfObject(vault, key)));
  return Math.max(0, ...stamps);
}

/** Without fetching it whole. Throws HALE_PLATFORM_BACKUP_DAMAGED. */
export async function stampOfObject(vault: Vault, key: string): Promise<number> {
  const body = await vault.store.get(key, { from: 0, to: envelopeHeadBytes });
  if (body === undefined) {
    throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${key} was taken away`, { details: { object: key } });
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return stampOf(key, Buffer.concat(pieces));
}
