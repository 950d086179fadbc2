// A vault that is a folder: one file an object. A file is written under another name, flushed, and given its own name by a link,
// which fails where there is one: so an object is there whole or not at all, and is never written over. Put the folder on
// another disk than what it protects; better on another machine.
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, createSystemClock } from '@hale/base';
import { type ByteRange, isStoreKey, type ListPage, type ObjectStore, type StoredObject } from '@hale/ports';
import { storeError } from './errors.ts';

/** Half-written files lie here; the dot keeps them out of every listing. */
const draftsFolder = '.drafts';
const pageMax = 1000;
/** What is half-written for so long was left by one who was killed over it. */
const draftStaleMs = 3_600_000;

/** `folder` is made when the first object is put there. */
export function createFileStore(folder: string, clock: Pick<Clock, 'wall'> = createSystemClock()): ObjectStore {
  let sweeping: Promise<void> | undefined;
  const pathOf = (key: string): string => {
    if (!isStoreKey(key)) throw storeError('HALE_PLATFORM_STORE_KEY', `'${key}' is no key of a store`);
    return join(folder, key);
  };
  return {
    url: `file:${folder}`,
    async capabilities() {
      const note = 'a folder keeps no old versions and cannot refuse to delete: whoever may write there may destroy it';
      return { versioning: false, objectLock: false, note };
    },
    async putIfAbsent(key, body) {
      const path = pathOf(key);
      sweeping ??= sweepDrafts(join(folder, draftsFolder), clock.wall() - draftStaleMs);
      await sweeping;
      return put(folder, path, body).catch(explain);
    },
    async get(key, range) {
      // Opened now, and not when it is read: whoever takes it away in between does not take it from us.
      const file = await openThere(pathOf(key));
      return file && read(file, range);
    },
    async head(key) {
      const found = await statOf(pathOf(key));
      return found && { key, ...found };
    },
    list: async (prefix, page = {}) => list(folder, prefix, page).catch(explain),
    async delete(key) {
      await rm(pathOf(key), { force: true }).catch(explain);
    },
  };
}

async function put(folder: string, path: string, body: Uint8Array): Promise<'stored' | 'there'> {
  if ((await statOf(path)) !== undefined) return 'there';
  const drafts = join(folder, draftsFolder);
  await mkdir(drafts, { recursive: true, mode: 0o700 });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = join(drafts, `${process.pid}-${randomBytes(8).toString('hex')}`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(body);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'there';
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolders(folder, dirname(path));
  return 'stored';
}

/** Tidiness alone: what cannot be taken away stays. */
async function sweepDrafts(drafts: string, olderThan: number): Promise<void> {
  for (const name of await readdir(drafts).catch(() => [])) {
    const found = await stat(join(drafts, name)).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < olderThan) await rm(join(drafts, name), { force: true }).catch(() => {});
  }
}

/** A name is safe only when the folder that holds it is, and so on up to the store's own. */
async function syncFolders(top: string, folder: string): Promise<void> {
  for (let at = folder; at.length >= top.length; at = dirname(at)) {
    const handle = await open(at, 'r');
    await handle.sync().finally(() => handle.close());
    if (at === dirname(at)) break;
  }
}

async function statOf(path: string): Promise<{ size: number; storedAt: number } | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? { size: found.size, storedAt: found.mtimeMs } : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return explain(error);
  }
}

async function list(
  folder: string,
  prefix: string,
  { after, limit = pageMax }: { readonly after?: string | undefined; readonly limit?: number },
): Promise<ListPage> {
  const keys = await keysBelow(folder, prefix);
  const wanted = keys.filter((key) => after === undefined || key > after).sort();
  const page = wanted.slice(0, Math.min(limit, pageMax));
  const described = await Promise.all(
    page.map(async (key): Promise<StoredObject | undefined> => {
      const found = await statOf(join(folder, key));
      return found && { key, ...found };
    }),
  );
  return {
    // One that was taken away while we looked is no part of the answer.
    objects: described.filter((object) => object !== undefined),
    next: page.length < wanted.length ? page.at(-1) : undefined,
  };
}

/** Names only: folders that cannot hold the prefix are not entered. */
async function keysBelow(folder: string, prefix: string): Promise<readonly string[]> {
  const found: string[] = [];
  const enter = async (at: string): Promise<void> => {
    const entries = await readdir(join(folder, at), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const key = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) {
        if (prefix.startsWith(`${key}/`) || `${key}/`.startsWith(prefix)) await enter(key);
      } else if (key.startsWith(prefix)) found.push(key);
    }
  };
  await enter('');
  return found;
}

/** Undefined where there is no such file. */
async function openThere(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return explain(error);
  }
}

async function* read(file: FileHandle, range: ByteRange | undefined): AsyncGenerator<Uint8Array> {
  try {
    const { size } = await file.stat();
    const [start, end] = [range?.from ?? 0, Math.min(range?.to ?? size, size)];
    if (start >= end) return;
    yield* file.createReadStream({ start, end: end - 1, highWaterMark: 1 << 20, autoClose: false });
  } catch (error) {
    explain(error);
  } finally {
    await file.close();
  }
}

function explain(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    throw storeError('HALE_PLATFORM_STORE_FULL', `the disk of the store is full: ${message}`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    throw storeError('HALE_PLATFORM_STORE_DENIED', `the store may not be used: ${message}`, { cause: error });
  }
  if (code === 'EIO' || code === 'ESTALE' || code === 'ENOTDIR' || code === 'EEXIST') {
    throw storeError('HALE_PLATFORM_STORE_DOWN', `the store does not work: ${message}`, {
      cause: error,
      retriable: true,
    });
  }
  throw error;
}
