// Which reels of the log a restore needs, in which order, and whether one is missing. PostgreSQL takes a missing reel for the end of
// the tape and succeeds silently with less than there was; here a hole is found by arithmetic, before anything is started.
//
//   way:      timeline 1 ──────────┐ fork          the segment in which the fork lies is taken from the younger timeline,
//             timeline 2           └──────────     which begins with a copy of what the older one had there
import type { Stretch } from './timeline.ts';
import {
  formatLsn,
  formatSegment,
  type Lsn,
  offsetInSegment,
  type SegmentName,
  segmentNumber,
  segmentStart,
} from './wal-name.ts';
import type { WalPiece } from './wal-shelf.ts';

export interface PlannedSegment {
  readonly segment: SegmentName;
  /** Pieces that together cover it from its start, in order; whole ones first. */
  readonly pieces: readonly WalPiece[];
  /** Bytes from the start that they cover. */
  readonly filled: number;
  /** Not needed for what is in it: they too say until when there was no more. Of no length, or of the older line that is copied here. */
  readonly marks: readonly WalPiece[];
  /** Where the timeline that names it begins: pages before that are its ancestors'. */
  readonly ownFrom: Lsn;
}

export interface Hole {
  readonly missing: SegmentName;
  /** What there is of it. */
  readonly filled: number;
}

export interface WalPlan {
  /** Without a gap, from the backup's start on. */
  readonly segments: readonly PlannedSegment[];
  /** How far they reach. */
  readonly end: Lsn;
  /** Undefined: nothing lies beyond the end. */
  readonly hole: Hole | undefined;
}

export function planWal(pieces: readonly WalPiece[], way: readonly Stretch[], segmentBytes: number): WalPlan {
  const shelf = groupBySegment(pieces.filter(({ from, to }) => to > from));
  const signs = groupBySegment(pieces.filter(({ from, to }) => to === from));
  /** What older lines had of the segment in which they were left, up to there. */
  const before = (at: number, number: bigint): readonly WalPiece[] =>
    way.slice(0, at).flatMap(({ timeline, until = 0n }) => {
      if (segmentNumber(until, segmentBytes) !== number) return [];
      const name = nameOf({ timeline, number });
      const fork = offsetInSegment(until, segmentBytes);
      return [...(shelf.get(name) ?? []), ...(signs.get(name) ?? [])].filter(({ to }) => to <= fork);
    });
  const planned: PlannedSegment[] = [];
  let end = way[0]?.from ?? 0n;
  let hole: Hole | undefined;
  for (const [index, stretch] of way.entries()) {
    const first = segmentNumber(stretch.from, segmentBytes);
    // The fork's own segment belongs to the next stretch.
    const last =
      stretch.until === undefined ? lastOn(shelf, stretch.timeline) : segmentNumber(stretch.until, segmentBytes) - 1n;
    const ownFrom = index === 0 ? 0n : stretch.from;
    for (let number = first; number <= last || (stretch.until === undefined && number === first); number++) {
      const segment = { timeline: stretch.timeline, number };
      const cover = coverOf(shelf.get(nameOf(segment)) ?? []);
      const isLast = stretch.until === undefined && number >= last;
      if (cover.filled < segmentBytes && !isLast) hole = { missing: segment, filled: cover.filled };
      if (cover.filled === 0 && isLast) hole ??= { missing: segment, filled: 0 };
      if (cover.filled > 0) {
        const own = signs.get(nameOf(segment)) ?? [];
        const marks = [...own, ...before(index, number)].filter(({ to }) => to <= cover.filled);
        planned.push({ segment, ...cover, marks, ownFrom });
        const reached = segmentStart(number, segmentBytes) + BigInt(cover.filled);
        if (reached > end) end = reached;
      }
      if (hole !== undefined) return { segments: planned, end, hole };
    }
  }
  return { segments: planned, end, hole: undefined };
}

const nameOf = ({ timeline, number }: SegmentName) => `${timeline}/${number}`;

function groupBySegment(pieces: readonly WalPiece[]): ReadonlyMap<string, WalPiece[]> {
  const shelf = new Map<string, WalPiece[]>();
  for (const piece of pieces) {
    const name = nameOf(piece.segment);
    const there = shelf.get(name);
    if (there === undefined) shelf.set(name, [piece]);
    else there.push(piece);
  }
  return shelf;
}

function lastOn(shelf: ReadonlyMap<string, readonly WalPiece[]>, timeline: number): bigint {
  let last = -1n;
  for (const [{ segment } = { segment: { timeline: 0, number: -1n } }] of shelf.values()) {
    if (segment.timeline === timeline && segment.number > last) last = segment.number;
  }
  return last;
}

/** The fewest pieces that reach furthest from the start without a gap: each time the one that goes on furthest. */
export function coverOf(pieces: readonly WalPiece[]): {
  readonly pieces: readonly WalPiece[];
  readonly filled: number;
} {
  const whole = pieces.filter((piece) => piece.whole);
  if (whole[0] !== undefined) return { pieces: [whole[0]], filled: whole[0].to };
  const chosen: WalPiece[] = [];
  let filled = 0;
  for (;;) {
    const next = pieces
      .filter(({ from, to }) => from <= filled && to > filled)
      .reduce<WalPiece | undefined>(
        (best, piece) => (best === undefined || piece.to > best.to ? piece : best),
        undefined,
      );
    if (next === undefined) return { pieces: chosen, filled };
    chosen.push(next);
    filled = next.to;
  }
}

export function holeWords({ missing, filled }: Hole, segmentBytes: number): string {
  const at = formatLsn(segmentStart(missing.number, segmentBytes) + BigInt(filled));
  return `the log has a hole: segment ${formatSegment(missing, segmentBytes)} is missing from ${at} on`;
}
