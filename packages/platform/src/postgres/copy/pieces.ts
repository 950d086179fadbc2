// The comparison of two drafts page by page: cuts files into pieces, finds which 8 kB pages of a piece differ, and joins
// neighbours into ranges, so that what is fetched is asked for in few words. Pure.
import { hash } from 'node:crypto';

export const blockBytes = 8192;
export const digestBytes = 32;

export interface SourceFile {
  readonly path: string;
  /** When it was listed; it may be another by now. */
  readonly size: number;
}

export interface Piece {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

/** The digests of all blocks of `bytes`, one after the other: what the source computes in SQL. */
export function blockDigests(bytes: Uint8Array): Buffer {
  const count = Math.ceil(bytes.length / blockBytes);
  const digests = Array.from({ length: count }, (_, i) => sha256(bytes.subarray(i * blockBytes, (i + 1) * blockBytes)));
  return Buffer.concat(digests);
}

/** Pieces of at most `pieceBytes`, in batches of about `batchBytes` and at most `batchMax` pieces. Empty files have one empty piece. */
export function* batches(
  files: readonly SourceFile[],
  pieceBytes: number,
  limits: { readonly bytes: number; readonly count: number },
): Generator<readonly Piece[]> {
  let batch: Piece[] = [];
  let bytes = 0;
  for (const { path, size } of files) {
    for (let offset = 0; offset === 0 || offset < size; offset += pieceBytes) {
      const length = Math.min(pieceBytes, size - offset);
      if (batch.length > 0 && (bytes + length > limits.bytes || batch.length >= limits.count)) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push({ path, offset, length });
      bytes += length;
    }
  }
  if (batch.length > 0) yield batch;
}

/** The ranges of `piece` whose blocks are not the same here and there. `length` is how much the source read of it. */
export function differingRanges(piece: Piece, length: number, here: Buffer, there: Buffer): readonly Piece[] {
  const ranges: Piece[] = [];
  let start = -1;
  const blocks = Math.ceil(length / blockBytes);
  for (let block = 0; block <= blocks; block++) {
    const at = block * digestBytes;
    const end = at + digestBytes;
    const differs = block < blocks && (end > here.length || here.compare(there, at, end, at, end) !== 0);
    if (differs && start < 0) start = block;
    if (differs || start < 0) continue;
    const offset = start * blockBytes;
    ranges.push({
      path: piece.path,
      offset: piece.offset + offset,
      length: Math.min(block * blockBytes, length) - offset,
    });
    start = -1;
  }
  return ranges;
}
