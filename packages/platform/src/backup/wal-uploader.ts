// The postman: empties the letter box of the log into the store. Whole segments go first, in order, and leave the box; of the newest
// one goes what is new since last time, as a piece, so that the store is at most one round behind. Where nothing is new, a mark
// says so with the time. What fails is tried again; nothing leaves the box before the store has it.
import { listAll } from '@hale/ports';
import type { Spool, SpooledSegment } from './spool.ts';
import { claimVault, putSealed, type Vault } from './vault.ts';
import { formatSegment, type SegmentName, segmentStart } from './wal-name.ts';
import { coverOf } from './wal-plan.ts';
import { markKey, pieceKey, putHistory, putSegment, readPiece, segmentKey, type WalPiece } from './wal-shelf.ts';

/** Of a database that was asked: with everything up to `flushed`, all that was committed until `at` (its clock) is there. */
export interface Claim {
  readonly timeline: number;
  readonly flushed: bigint;
  readonly at: number;
}

export interface Uploader {
  /** One round. Rejects when the store does not take something; what it took stays taken. */
  round(claim: Claim | undefined): Promise<void>;
  /** Bytes in the box that the store does not have. */
  lagBytes(): number;
}

const markEveryMs = 5_000;

export function createUploader(vault: Vault, spool: Spool): Uploader {
  const { segmentBytes } = spool.owner;
  const known = new Map<string, number>();
  const sent = new Set<number>();
  let claimed = false;
  let lastMark = { key: '', at: 0 };

  const stampFor = (segment: SegmentName, to: number, claim: Claim | undefined): number => {
    if (claim === undefined || claim.timeline !== segment.timeline) return 0;
    return segmentStart(segment.number, segmentBytes) + BigInt(to) >= claim.flushed ? claim.at : 0;
  };
  const uploadedOf = async (segment: SegmentName): Promise<number> => {
    const name = formatSegment(segment, segmentBytes);
    const there = known.get(name);
    if (there !== undefined) return there;
    const filled = coverOf((await piecesOf(vault, segment, segmentBytes)).filter(({ from, to }) => to > from)).filled;
    known.set(name, filled);
    return filled;
  };
  const sendWhole = async (spooled: SpooledSegment, claim: Claim | undefined): Promise<void> => {
    const { segment } = spooled;
    const content = await spool.read(spooled, 0, segmentBytes);
    await putSegment(vault, { segment, content, stamp: stampFor(segment, segmentBytes, claim), segmentBytes });
    spool.forget(spooled);
    known.delete(formatSegment(segment, segmentBytes));
    // The whole stands for its pieces; a store that lets nothing be taken away keeps them, and they do no harm.
    for (const { key, from, to } of await piecesOf(vault, segment, segmentBytes)) {
      if (to - from < segmentBytes) await vault.store.delete(key).catch(() => {});
    }
  };
  const sendPart = async (spooled: SpooledSegment, claim: Claim | undefined): Promise<void> => {
    const { segment, bytes } = spooled;
    const from = Math.min(await uploadedOf(segment), bytes);
    const stamp = stampFor(segment, bytes, claim);
    if (bytes > from) {
      const content = await spool.read(spooled, from, bytes);
      await putSealed(vault, pieceKey(segment, segmentBytes, { from, to: bytes }), { content, stamp });
      known.set(formatSegment(segment, segmentBytes), bytes);
      if (stamp > 0) lastMark = { ...lastMark, at: stamp };
    } else if (bytes > 0 && stamp - lastMark.at >= markEveryMs) {
      const key = markKey(segment, segmentBytes, { offset: bytes, stamp });
      await putSealed(vault, key, { content: new Uint8Array(0), stamp });
      if (lastMark.key !== '') await vault.store.delete(lastMark.key).catch(() => {});
      lastMark = { key, at: stamp };
    }
  };

  return {
    async round(claim) {
      if (!claimed) {
        await claimVault(vault, spool.owner);
        claimed = true;
      }
      for (const { timeline, text } of spool.histories()) {
        if (!sent.has(timeline)) await putHistory(vault, timeline, text);
        sent.add(timeline);
      }
      for (const spooled of spool.segments()) {
        if (spooled.whole) await sendWhole(spooled, claim);
        else await sendPart(spooled, claim);
      }
    },
    lagBytes: () =>
      spool
        .segments()
        .reduce(
          (sum, { segment, bytes }) =>
            sum + bytes - Math.min(bytes, known.get(formatSegment(segment, segmentBytes)) ?? 0),
          0,
        ),
  };
}

async function piecesOf(vault: Vault, segment: SegmentName, segmentBytes: number): Promise<readonly WalPiece[]> {
  const found: WalPiece[] = [];
  for await (const object of listAll(vault.store, `${segmentKey(segment, segmentBytes)}.`)) {
    const piece = readPiece(object, segmentBytes);
    if (piece !== undefined) found.push(piece);
  }
  return found;
}
