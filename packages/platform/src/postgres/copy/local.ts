// The workbench: everything that is changed in the folder that becomes the copy. It never follows a symbolic link that it finds
// below the data folder (pg_wal itself excepted, which people like to put on a disk of its own): a link is taken away and a
// real file put in its place, so nothing outside is ever written.
import { constants } from 'node:fs';
import { chmod, chown, type FileHandle, lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { markerName } from './skip.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface Bench {
  readonly pgdata: string;
  readonly owner: Owner | undefined;
}

const walFolders = ['pg_wal/archive_status', 'pg_wal/summaries'];
const syncAtOnce = 8;

/** Takes away all that the copy does not hold. The marker stays; so does pg_wal where it is a link, but empty. */
export async function clearAway(
  { pgdata }: Bench,
  keep: { readonly files: ReadonlySet<string>; readonly folders: ReadonlySet<string> },
): Promise<void> {
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(pgdata, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (path === markerName) continue;
      if (keep.folders.has(path) && (entry.isDirectory() || (path === 'pg_wal' && entry.isSymbolicLink()))) {
        await walk(path);
      } else if (!(keep.files.has(path) && entry.isFile())) {
        await rm(join(pgdata, path), { recursive: true, force: true });
      }
    }
  };
  await walk('');
}

/** Makes the folders, parents first. */
export async function makeFolders(bench: Bench, folders: readonly string[]): Promise<void> {
  for (const folder of [...folders, ...walFolders].sort()) {
    const path = join(bench.pgdata, folder);
    await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await dress(bench, path, 0o700);
  }
}

/** Opens a file of the copy for reading and writing, made when it is not there. */
export async function openFile({ pgdata }: Bench, path: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  return open(join(pgdata, path), O_RDWR | O_CREAT | (O_NOFOLLOW ?? 0), 0o600);
}

/** Up to `length` bytes from `offset`; fewer at the end of the file. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

export async function writeAt(file: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
  }
}

/** Mode and owner; PostgreSQL refuses a data folder that others may enter. */
export async function dress({ owner }: Bench, path: string, mode: number): Promise<void> {
  await chmod(path, mode);
  if (owner !== undefined) await chown(path, owner.uid, owner.gid);
}

/** Writes a small file whole, and does not return before it would survive a power cut. */
export async function writeDurably(bench: Bench, path: string, bytes: Buffer | string): Promise<void> {
  const file = await openFile(bench, path);
  try {
    await file.truncate(0);
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await dress(bench, join(bench.pgdata, path), 0o600);
  await sync(dirname(join(bench.pgdata, path)));
}

/** Flushes a file or a folder. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

/**
 * Flushes files, then the folders that name them. Also those that were equal: the node that wrote them may have been killed
 * before they reached the disk.
 */
export async function syncAll({ pgdata }: Bench, files: readonly string[], folders: readonly string[]): Promise<void> {
  const queue = files.values();
  const worker = async () => {
    for (const path of queue) {
      await sync(join(pgdata, path)).catch((error: NodeJS.ErrnoException) => {
        // It was dropped at the source meanwhile, and taken away here.
        if (error.code !== 'ENOENT') throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: syncAtOnce }, worker));
  for (const folder of [...folders, ...walFolders, '']) await sync(join(pgdata, folder));
}

/** Is there anything at `path`? Links are not followed. */
export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
