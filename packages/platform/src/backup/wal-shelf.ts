// The shelf of reels: how the log lies in the store. A whole segment lies under its name. Of the newest one there are pieces, each
// with the offsets it reaches from and to; pieces may overlap. A piece of no length says only: at this time there was no more.
import { listAll, type StoredObject } from '@hale/ports';
import { backupError, isDamage } from './errors.ts';
import { type Ancestor, parseHistory } from './timeline.ts';
import { putSealed, readSealed, type Vault } from './vault.ts';
import { formatSegment, parseSegment, type SegmentName, timelineName } from './wal-name.ts';

export interface SegmentLetter {
  readonly segment: SegmentName;
  readonly content: Uint8Array;
  /** Until when (Unix ms, the server's clock) the log is complete with this. */
  readonly stamp: number;
  readonly segmentBytes: number;
}

export interface WalPiece {
  readonly key: string;
  readonly segment: SegmentName;
  /** Offsets in the segment; a whole one reaches from 0 to its size. */
  readonly from: number;
  readonly to: number;
  readonly whole: boolean;
  /** Unix ms, by the clock of the store. */
  readonly storedAt: number;
}

const hex = (value: number) => value.toString(16).padStart(8, '0');

export function segmentKey(segment: SegmentName, segmentBytes: number): string {
  return `wal/${timelineName(segment.timeline)}/${formatSegment(segment, segmentBytes)}`;
}

/** A piece of no length; its name holds the time, because an object is never written over. */
export function markKey(segment: SegmentName, segmentBytes: number, at: { offset: number; stamp: number }): string {
  const reach = { from: at.offset, to: at.offset };
  return `${pieceKey(segment, segmentBytes, reach)}.${Math.floor(at.stamp).toString(16).padStart(12, '0')}`;
}

export function pieceKey(segment: SegmentName, segmentBytes: number, reach: { from: number; to: number }): string {
  return `${segmentKey(segment, segmentBytes)}.${hex(reach.from)}-${hex(reach.to)}`;
}

/** What a mark says; undefined where the object is none. */
export function stampInName(key: string): number | undefined {
  const stamp = /\.[0-9a-f]{8}-[0-9a-f]{8}\.([0-9a-f]{12})$/.exec(key)?.[1];
  return stamp === undefined ? undefined : Number.parseInt(stamp, 16);
}

/** Undefined where the object is none of the log's. */
export function readPiece(
  { key, storedAt }: Pick<StoredObject, 'key' | 'storedAt'>,
  segmentBytes: number,
): WalPiece | undefined {
  const match = /^wal\/[0-9A-F]{8}\/([0-9A-F]{24})(?:\.([0-9a-f]{8})-([0-9a-f]{8})(?:\.[0-9a-f]{12})?)?$/.exec(key);
  const segment = match?.[1] === undefined ? undefined : parseSegment(match[1], segmentBytes);
  if (match === null || segment === undefined) return undefined;
  const piece = { key, segment, storedAt };
  if (match[2] === undefined || match[3] === undefined) return { ...piece, from: 0, to: segmentBytes, whole: true };
  return { ...piece, from: Number.parseInt(match[2], 16), to: Number.parseInt(match[3], 16), whole: false };
}

const putsMax = 3;

/**
 * Stores a whole segment. One that is there already must be the same: another content means that two servers write one history.
 * Throws HALE_PLATFORM_BACKUP_WAL_CONFLICT, _BUSY where others put it and take it away again at the same moment.
 */
export async function putSegment(
  vault: Vault,
  { segment, content, stamp, segmentBytes }: SegmentLetter,
): Promise<'stored' | 'there'> {
  const key = segmentKey(segment, segmentBytes);
  const name = formatSegment(segment, segmentBytes);
  for (let left = putsMax; left > 0; left--) {
    if ((await putSealed(vault, key, { content, stamp })) === 'stored') return 'stored';
    const there = await readSealed(vault, key).catch((error: unknown) => {
      if (isDamage(error)) return 'damaged' as const;
      throw error;
    });
    if (there === 'damaged') {
      // Nothing is written over, not even this: a piece that reaches from end to end stands in for it.
      await putSealed(vault, standInKey(segment, segmentBytes), { content, stamp });
      return 'there';
    }
    // Said to be there and not to be found: nobody may rely on it, because the caller throws his own away.
    if (there === undefined) continue;
    if (there.content.equals(content)) return 'there';
    throw backupError(
      'HALE_PLATFORM_BACKUP_WAL_CONFLICT',
      `segment ${name} lies in ${vault.store.url} with another content`,
      { details: { object: key } },
    );
  }
  throw backupError('HALE_PLATFORM_BACKUP_BUSY', `segment ${name} comes and goes in ${vault.store.url}`, {
    retriable: true,
  });
}

/** Where a whole segment lies again, of which the first copy is damaged. */
export function standInKey(segment: SegmentName, segmentBytes: number): string {
  return pieceKey(segment, segmentBytes, { from: 0, to: segmentBytes });
}

export function historyKey(timeline: number): string {
  return `history/${timelineName(timeline)}`;
}

export async function putHistory(vault: Vault, timeline: number, content: Uint8Array): Promise<void> {
  await putSealed(vault, historyKey(timeline), { content });
}

/** Every piece of the log in the store, sorted by name. */
export async function listWal(vault: Vault, segmentBytes: number): Promise<readonly WalPiece[]> {
  const found: WalPiece[] = [];
  for await (const object of listAll(vault.store, 'wal/')) {
    const piece = readPiece(object, segmentBytes);
    if (piece !== undefined) found.push(piece);
  }
  return found;
}

export interface Histories {
  readonly ancestors: ReadonlyMap<number, readonly Ancestor[]>;
  readonly texts: ReadonlyMap<number, Buffer>;
}

/** Throws HALE_PLATFORM_BACKUP_DAMAGED. */
export async function readHistories(vault: Vault): Promise<Histories> {
  const ancestors = new Map<number, readonly Ancestor[]>();
  const texts = new Map<number, Buffer>();
  for await (const { key } of listAll(vault.store, 'history/')) {
    const timeline = Number.parseInt(key.slice('history/'.length), 16);
    const opened = await readSealed(vault, key);
    if (opened === undefined || Number.isNaN(timeline)) continue;
    texts.set(timeline, opened.content);
    ancestors.set(timeline, parseHistory(opened.content.toString()));
  }
  return { ancestors, texts };
}
