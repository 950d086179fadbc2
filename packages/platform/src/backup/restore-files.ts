// Unpacking: lays the files of a backup out in a folder, box after box. A file that is there and whole is left alone, box by box, so
// a restore that broke off goes on where it was; what does not belong there is taken away. The bytes are flushed by the server
// itself, which flushes its whole folder before it recovers.
import { constants } from 'node:fs';
import { chmod, mkdir, open, readdir, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { getWhole } from '@hale/ports';
import { backupError } from './errors.ts';
import { createLanes } from './lanes.ts';
import type { BackupChunk, BackupFile, BackupManifest } from './manifest.ts';
import { chunkIdOf, type Vault } from './vault.ts';

const lanesCount = 4;
const spareBytes = 64 * 1024 * 1024;

export interface LayOut {
  readonly vault: Vault;
  readonly manifest: BackupManifest;
  readonly folder: string;
  /** Nothing is there yet, so nothing has to be looked at. */
  readonly fresh: boolean;
  /** Files that are no part of the backup and stay. */
  readonly keep: ReadonlySet<string>;
  /** Called with the bytes of each box, and whether they had to be fetched. */
  onBytes(bytes: number, fetched: boolean): void;
}

interface Piece {
  readonly file: BackupFile;
  readonly at: number;
  readonly offset: number;
  readonly length: number;
}

/** Throws HALE_PLATFORM_BACKUP_DAMAGED, _NO_SPACE. */
export async function layOutFiles(order: LayOut): Promise<void> {
  const { manifest, folder } = order;
  await assertSpace(folder, manifest.bytes);
  await sweep(order);
  for (const path of ['', ...manifest.folders, ...parentsOf(manifest.files)])
    await mkdir(join(folder, path), { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await makeFiles(folder, order.fresh ? manifest.files.filter(({ size }) => size === 0) : manifest.files);
  const pieces = piecesByChunk(manifest.files);
  const lanes = createLanes(lanesCount);
  for (const [index, chunk] of manifest.chunks.entries()) {
    await lanes.run(() => layOutChunk(order, chunk, pieces.get(index) ?? []));
  }
  await lanes.drain();
}

function parentsOf(files: readonly BackupFile[]): readonly string[] {
  return [...new Set(files.map(({ path }) => dirname(path)))].filter((path) => path !== '.');
}

/** Every file in its full length, so that what follows only fills in. */
async function makeFiles(folder: string, files: readonly BackupFile[]): Promise<void> {
  for (const { path, size } of files) {
    const whole = join(folder, path);
    const handle = await open(whole, 'a', 0o600);
    const length = await handle.stat().then((stat) => stat.size);
    await handle.close();
    if (length !== size) await truncate(whole, size);
  }
}

function piecesByChunk(files: readonly BackupFile[]): ReadonlyMap<number, readonly Piece[]> {
  const found = new Map<number, Piece[]>();
  for (const file of files) {
    let at = 0;
    for (const [chunk, offset, length] of file.slices) {
      const there = found.get(chunk) ?? [];
      there.push({ file, at, offset, length });
      found.set(chunk, there);
      at += length;
    }
  }
  return found;
}

async function layOutChunk(
  { vault, folder, fresh, onBytes }: LayOut,
  chunk: BackupChunk,
  pieces: readonly Piece[],
): Promise<void> {
  if (!fresh && (await isLaidOut(vault, folder, chunk, pieces))) {
    onBytes(chunk.size, false);
    return;
  }
  const content = await readChunk(vault, chunk);
  for (const piece of pieces) {
    const handle = await open(join(folder, piece.file.path), constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      await handle.write(content, piece.offset, piece.length, piece.at);
    } finally {
      await handle.close();
    }
  }
  onBytes(chunk.size, true);
}

/** Whether the pieces, read back from the files, make up the box that they came from. */
async function isLaidOut(vault: Vault, folder: string, chunk: BackupChunk, pieces: readonly Piece[]): Promise<boolean> {
  const content = Buffer.alloc(chunk.size);
  let covered = 0;
  for (const piece of pieces) {
    const handle = await open(join(folder, piece.file.path), 'r');
    try {
      const { bytesRead } = await handle.read(content, piece.offset, piece.length, piece.at);
      covered += bytesRead;
    } finally {
      await handle.close();
    }
    // A fresh file is all nought; looking on is a waste.
    if (pieces.length === 1 && content.subarray(piece.offset, piece.offset + 64).every((byte) => byte === 0))
      return false;
  }
  return covered === chunk.size && vault.sealer.idOf(content) === chunkIdOf(chunk.key);
}

/** Throws HALE_PLATFORM_BACKUP_DAMAGED. */
export async function readChunk(vault: Vault, { key, size }: BackupChunk): Promise<Buffer> {
  const body = await getWhole(vault.store, key);
  const refuse = (why: string) =>
    backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${key} ${why}`, { details: { object: key } });
  if (body === undefined) throw refuse('is missing');
  const { content, digest } = await vault.sealer.open('chunk', body).catch((error: Error) => {
    throw refuse(error.message.replace(/^chunk /, ''));
  });
  if (digest !== chunkIdOf(key) || content.length !== size) throw refuse('holds the content of another chunk');
  return content;
}

/** Takes away what an earlier try left and what is no part of this backup. */
async function sweep({ folder, manifest, keep }: LayOut): Promise<void> {
  const files = new Set(manifest.files.map(({ path }) => path));
  const enter = async (at: string): Promise<void> => {
    const entries = await readdir(join(folder, at), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (keep.has(path)) continue;
      if (entry.isDirectory()) await enter(path);
      else if (!files.has(path)) await rm(join(folder, path), { force: true });
    }
  };
  await enter('');
}

/** Throws HALE_PLATFORM_BACKUP_NO_SPACE. */
export async function assertSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free > bytes + spareBytes) return;
  const megabytes = (value: number) => `${Math.ceil(value / 1e6)} MB`;
  throw backupError(
    'HALE_PLATFORM_BACKUP_NO_SPACE',
    `the restore needs ${megabytes(bytes + spareBytes)}, and there are ${megabytes(free)} free at ${folder}`,
  );
}

/** Writes a text file that belongs to the restore itself. */
export async function writeOwn(folder: string, name: string, content: string | Buffer): Promise<void> {
  await writeFile(join(folder, name), content, { mode: 0o600 });
}
