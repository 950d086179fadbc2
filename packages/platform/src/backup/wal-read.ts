// Puts a segment together from what lies in the store, and looks at every page of it before anybody relies on it.
import { envelopeHeadBytes, type Opened, stampOf } from './envelope.ts';
import { backupError, isDamage } from './errors.ts';
import { type Cluster, readSealed, type Vault } from './vault.ts';
import { checkPages } from './wal-pages.ts';
import type { PlannedSegment } from './wal-plan.ts';
import { segmentKey, stampInName, standInKey, type WalPiece } from './wal-shelf.ts';

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
 * Until when (Unix ms) the log is complete with this segment, by the names of marks and the heads of pieces. Undefined where a piece was
 * taken away since it was listed: what stands for it says more, and holds more than what was planned.
 */
export async function stampOfSegment(
  vault: Vault,
  { pieces, marks }: Pick<PlannedSegment, 'pieces' | 'marks'>,
): Promise<number | undefined> {
  const ask = async ({ key }: WalPiece) => stampInName(key) ?? (await findStamp(vault, key));
  const stamps = await Promise.all([...pieces, ...marks].map(ask));
  return stamps.reduce<number | undefined>(
    (max, stamp) => (max === undefined || stamp === undefined ? undefined : Math.max(max, stamp)),
    0,
  );
}

/** Without fetching it whole; undefined where it was taken away. Throws HALE_PLATFORM_BACKUP_DAMAGED. */
export async function findStamp(vault: Vault, key: string): Promise<number | undefined> {
  const body = await vault.store.get(key, { from: 0, to: envelopeHeadBytes });
  if (body === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return stampOf(key, Buffer.concat(pieces));
}
