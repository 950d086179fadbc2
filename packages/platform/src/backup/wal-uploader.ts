// The postman: empties the letter box of the log into the store. Whole segments go first, in order, and leave the box; of the newest
// one goes what is new since last time, as a piece, so that the store is at most one round behind. Where nothing is new, a mark
// says so with the time. What fails is tried again; nothing leaves the box before the store has it.
import { listAll } from '@hale/ports';
import { isDamage } from './errors.ts';
import type { Spool, SpooledSegment } from './spool.ts';
import { parseHistory } from './timeline.ts';
import { claimVault, putSealed, type Vault } from './vault.ts';
import { formatSegment, type Lsn, type SegmentName, segmentStart } from './wal-name.ts';
import { coverOf } from './wal-plan.ts';
import { stampOfSegment } from './wal-read.ts';
import { markKey, pieceKey, putHistory, putSegment, readPiece, segmentKey, type WalPiece } from './wal-shelf.ts';

/** Of a database that was asked: with everything up to `flushed`, all that was committed until `at` (its clock) is there. */
export interface Claim {
  readonly timeline: number;
  readonly flushed: bigint;
  readonly at: number;
}

/** Whether what was received up to there is all that the database spoke of; places of two timelines say nothing to each other. */
export function reaches(received: { readonly timeline: number; readonly flushed: Lsn }, claim: Claim): boolean {
  return received.timeline === claim.timeline && received.flushed >= claim.flushed;
}

export interface Uploader {
  /** One round. Rejects when the store does not take something; what it took stays taken. */
  round(claim: Claim | undefined): Promise<void>;
  /** Bytes in the box that the store does not have. */
  lagBytes(): number;
}

const markEveryMs = 5_000;
/** Of a segment that a former life began: what is newest says when it was complete. */
const headsMax = 16;

export function createUploader(vault: Vault, spool: Spool): Uploader {
  const { segmentBytes } = spool.owner;
  const nameOf = (segment: SegmentName) => formatSegment(segment, segmentBytes);
  const known = new Map<string, number>();
  /** Until when each segment that is not whole was said to be complete; by name. */
  const stamped = new Map<string, number>();
  const sent = new Set<number>();
  let claimed = false;
  let lastMark = { key: '', at: 0 };

  const stampFor = (segment: SegmentName, to: number, claim: Claim | undefined): number => {
    if (claim === undefined || claim.timeline !== segment.timeline) return 0;
    return segmentStart(segment.number, segmentBytes) + BigInt(to) >= claim.flushed ? claim.at : 0;
  };
  const uploadedOf = async (segment: SegmentName): Promise<number> => {
    const there = known.get(nameOf(segment));
    if (there !== undefined) return there;
    const filled = coverOf((await piecesOf(vault, segment, segmentBytes)).filter(({ from, to }) => to > from)).filled;
    known.set(nameOf(segment), filled);
    return filled;
  };
  /** Behind something of its timeline, never before: a branch of which nothing is there leads a restore nowhere. */
  const sendHistory = async ({ timeline }: SegmentName): Promise<void> => {
    if (timeline === 1 || sent.has(timeline)) return;
    const history = spool.histories().find((one) => one.timeline === timeline);
    if (history === undefined) return;
    await putHistory(vault, timeline, history.text);
    sent.add(timeline);
  };
  const forget = (spooled: SpooledSegment): void => {
    spool.forget(spooled);
    known.delete(nameOf(spooled.segment));
    stamped.delete(nameOf(spooled.segment));
  };
  const sendWhole = async (spooled: SpooledSegment, claim: Claim | undefined): Promise<void> => {
    const { segment } = spooled;
    const content = await spool.read(spooled, 0, segmentBytes);
    const pieces = await piecesOf(vault, segment, segmentBytes);
    // What the pieces said goes on being said when they are gone, also where the database is.
    const stamp =
      stampFor(segment, segmentBytes, claim) || (stamped.get(nameOf(segment)) ?? (await newestStamp(vault, pieces)));
    const mark = markKey(segment, segmentBytes, { offset: segmentBytes, stamp });
    if ((await putSegment(vault, { segment, content, stamp, segmentBytes })) === 'there' && stamp > 0)
      await putSealed(vault, mark, { content: new Uint8Array(0), stamp });
    await sendHistory(segment);
    forget(spooled);
    // The whole stands for its pieces; a store that lets nothing be taken away keeps them, and they do no harm.
    for (const { key, from, to } of pieces) {
      if (to - from < segmentBytes && key !== mark) await vault.store.delete(key).catch(() => {});
    }
  };
  const sendPart = async (spooled: SpooledSegment, claim: Claim | undefined): Promise<void> => {
    const { segment, bytes } = spooled;
    const from = Math.min(await uploadedOf(segment), bytes);
    const stamp = stampFor(segment, bytes, claim);
    if (bytes > from) {
      const content = await spool.read(spooled, from, bytes);
      const said = await putSealed(vault, pieceKey(segment, segmentBytes, { from, to: bytes }), { content, stamp });
      known.set(nameOf(segment), bytes);
      // Where it was there already, it says what was true when it was put there.
      if (stamp > 0 && said === 'stored') remember(segment, { ...lastMark, at: stamp });
    } else if (bytes > 0 && stamp - lastMark.at >= markEveryMs) {
      const key = markKey(segment, segmentBytes, { offset: bytes, stamp });
      await putSealed(vault, key, { content: new Uint8Array(0), stamp });
      if (lastMark.key !== '') await vault.store.delete(lastMark.key).catch(() => {});
      remember(segment, { key, at: stamp });
    }
  };
  const remember = (segment: SegmentName, mark: typeof lastMark): void => {
    lastMark = mark;
    stamped.set(nameOf(segment), mark.at);
  };

  return {
    async round(claim) {
      if (!claimed) {
        await claimVault(vault, spool.owner);
        claimed = true;
      }
      const segments = spool.segments();
      const histories = spool.histories();
      for (const spooled of segments) {
        const { segment, whole, bytes } = spooled;
        const end = segmentStart(segment.number, segmentBytes) + BigInt(bytes);
        if (whole) await sendWhole(spooled, claim);
        // It begins with a copy of what the older line had there, and would hide what goes on behind the copy.
        else if (end >= forkOf(histories, segment.timeline)) {
          await sendPart(spooled, claim);
          await sendHistory(segment);
          // Nobody writes it on: the line was left, or has a hole. It would lie in the box for ever.
          if (spooled !== segments.at(-1)) forget(spooled);
        }
      }
    },
    lagBytes: () =>
      spool
        .segments()
        .reduce((sum, { segment, bytes }) => sum + bytes - Math.min(bytes, known.get(nameOf(segment)) ?? 0), 0),
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

async function newestStamp(vault: Vault, pieces: readonly WalPiece[]): Promise<number> {
  const newest = pieces.toSorted((a, b) => a.to - b.to || (a.key < b.key ? -1 : 1)).slice(-headsMax);
  const stamp = await stampOfSegment(vault, { pieces: newest, marks: [] }).catch((error: unknown) => {
    if (isDamage(error)) return 0;
    throw error;
  });
  return stamp ?? 0;
}

/** Where a timeline begins; 0 of the first, and where no history says it. */
function forkOf(histories: ReturnType<Spool['histories']>, timeline: number): Lsn {
  for (const { timeline: tip, text } of histories) {
    const line = [...parseHistory(text.toString()), { timeline: tip, until: 0n }];
    const at = line.findIndex((one) => one.timeline === timeline);
    const before = at < 0 ? undefined : line[at - 1];
    if (before !== undefined) return before.until;
  }
  return 0n;
}
