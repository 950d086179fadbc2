// The two clerks who compare drafts over the telephone: one reads out the sum of a page, the other looks at his own, and only
// where the sums differ is the page dictated. Pieces of 1 MiB first; where a piece differs, its 8 kB blocks; then the blocks.
// Each block is thereby equal to what the source had at some moment between start and stop of the backup, which is all that
// replay asks for. What grows meanwhile is left to replay; what shrinks or goes is cut or taken away here.
import type { FileHandle } from 'node:fs/promises';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { type Bench, dress, openFile, readAt, writeAt } from './local.ts';
import { batches, blockDigests, differingRanges, type Piece, type SourceFile, sha256 } from './pieces.ts';
import { isPaged } from './skip.ts';
import { hashBlocks, hashPieces, readPieces } from './source.ts';

export interface Transfer {
  readonly bench: Bench;
  readonly chunkBytes: number;
  readonly stopped: () => void;
  readonly onPiece: (lengthDone: number, bytesCopied: number) => void;
}

/** A file on the bench, while pieces of it are under way. */
interface OpenFile {
  readonly handle: FileHandle;
  /** What it had here before. */
  readonly localSize: number;
  /** Where it ends, as far as is known: the end of the first piece that came short. */
  end: number;
  gone: boolean;
  piecesLeft: number;
}

/** A piece that is here already, perhaps the same as there. */
interface Compared {
  readonly piece: Piece;
  readonly local: Buffer;
}

const batchLimits = { bytes: 16 * 1024 * 1024, count: 128 };

/** Brings all `files` over, with one worker a connection. */
export async function transferFiles(
  clients: readonly pg.Client[],
  files: readonly SourceFile[],
  transfer: Transfer,
): Promise<void> {
  const open = new Map<string, Promise<OpenFile>>();
  const sizes = new Map(files.map(({ path, size }) => [path, size]));
  const fileOf = (path: string): Promise<OpenFile> => {
    const known = open.get(path);
    if (known !== undefined) return known;
    const opening = openForCopy(transfer, path, sizes.get(path) ?? 0);
    open.set(path, opening);
    return opening;
  };
  const queue = batches(files, transfer.chunkBytes, batchLimits);
  const worker = async (client: pg.Client): Promise<void> => {
    for (const pieces of queue) {
      transfer.stopped();
      const held = new Map<string, OpenFile>();
      for (const { path } of pieces) held.set(path, held.get(path) ?? (await fileOf(path)));
      await bringOver(client, { pieces, held, transfer });
      for (const { path } of pieces) {
        const file = held.get(path)!;
        if (--file.piecesLeft > 0) continue;
        open.delete(path);
        await closeFile(transfer.bench, path, file);
      }
    }
  };
  try {
    // All must have left the folder before the caller learns that one failed.
    const ends = await Promise.allSettled(clients.map(worker));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    for (const opening of open.values()) {
      await opening.then(({ handle }) => handle.close()).catch(() => {});
    }
  }
}

async function openForCopy({ bench, chunkBytes }: Transfer, path: string, size: number): Promise<OpenFile> {
  const handle = await openFile(bench, path);
  const localSize = (await handle.stat()).size;
  return { handle, localSize, end: size, gone: false, piecesLeft: Math.max(1, Math.ceil(size / chunkBytes)) };
}

async function closeFile(bench: Bench, path: string, file: OpenFile): Promise<void> {
  try {
    if (!file.gone && file.localSize > file.end) await file.handle.truncate(file.end);
  } finally {
    await file.handle.close();
  }
  const whole = join(bench.pgdata, path);
  if (file.gone) await rm(whole, { force: true });
  else await dress(bench, whole, 0o600);
}

interface Batch {
  readonly pieces: readonly Piece[];
  readonly held: ReadonlyMap<string, OpenFile>;
  readonly transfer: Transfer;
}

async function bringOver(client: pg.Client, batch: Batch): Promise<void> {
  const isHere = (piece: Piece) => batch.held.get(piece.path)!.localSize > piece.offset;
  const compare = batch.pieces.filter(isHere);
  const wanted = batch.pieces.filter((piece) => !isHere(piece) && piece.length > 0);
  // The source reads and sums while we do.
  const [sums, locals] = await Promise.all([hashPieces(client, compare), readLocals(batch, compare)]);
  const differing: Compared[] = [];
  for (const [i, sum] of sums.entries()) {
    const one = locals[i]!;
    noteLength(batch, one.piece, sum?.length);
    if (sum === undefined || sum.length === 0) continue;
    const local = one.local.subarray(0, sum.length);
    if (local.length === sum.length && sha256(local).equals(sum.bytes)) continue;
    if (isPaged(one.piece.path)) differing.push(one);
    else wanted.push(one.piece);
  }
  wanted.push(...(await narrow(client, batch, differing)));
  const bytesCopied = await fetchPieces(client, batch, wanted);
  batch.transfer.onPiece(
    batch.pieces.reduce((sum, { length }) => sum + length, 0),
    bytesCopied,
  );
}

async function readLocals({ held }: Batch, pieces: readonly Piece[]): Promise<readonly Compared[]> {
  const read: Compared[] = [];
  for (const piece of pieces) {
    read.push({ piece, local: await readAt(held.get(piece.path)!.handle, piece.offset, piece.length) });
  }
  return read;
}

/** From whole pieces to the blocks of them that differ. */
async function narrow(client: pg.Client, batch: Batch, differing: readonly Compared[]): Promise<readonly Piece[]> {
  const sums = await hashBlocks(
    client,
    differing.map(({ piece }) => piece),
  );
  return sums.flatMap((sum, i) => {
    const { piece, local } = differing[i]!;
    noteLength(batch, piece, sum?.length);
    return sum === undefined ? [] : differingRanges(piece, sum.length, blockDigests(local), sum.bytes);
  });
}

async function fetchPieces(client: pg.Client, batch: Batch, wanted: readonly Piece[]): Promise<number> {
  let bytesCopied = 0;
  const answers = await readPieces(client, wanted);
  for (const [i, answer] of answers.entries()) {
    const piece = wanted[i]!;
    noteLength(batch, piece, answer?.length);
    if (answer === undefined) continue;
    await writeAt(batch.held.get(piece.path)!.handle, answer.bytes, piece.offset);
    bytesCopied += answer.length;
  }
  return bytesCopied;
}

/**
 * A piece that came short shows where the file ended at that moment. All behind it was cut off after the backup began, so
 * replay brings back what has grown there since; what lies here behind it is of nobody and goes.
 */
function noteLength({ held }: Batch, piece: Piece, length: number | undefined): void {
  const file = held.get(piece.path)!;
  if (length === undefined) file.gone = true;
  else if (length < piece.length) file.end = Math.min(file.end, piece.offset + length);
}
