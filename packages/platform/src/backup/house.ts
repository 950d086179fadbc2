// The house in the vault: the files that a system needs to start again (its declaration, its programs, what its journal knows), beside
// the backups of its databases and under the same seal. Like them it is cut into chunks named after their content, and the packing
// list goes in last. Which files those are is for the caller to say; here a path never leads out of the folder.
//
//   <system>/_house/house.json               whose it is, and the name (not the value) of the key (plain)
//   <system>/_house/house/<id>/manifest      the packing list of one copy
//   <system>/_house/chunk/<ab>/<id>          pieces of files
//   <system>/_house/measured/<time>          what a drill of the whole measured
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, isHaleError } from '@hale/base';
import { getWhole, listAll, type ObjectStore } from '@hale/ports';
import { openShelf } from './chunk-shelf.ts';
import { createCutter } from './cutter.ts';
import { backupError } from './errors.ts';
import { type BackupChunk, isBackupId, isInside, makeBackupId, type Slice } from './manifest.ts';
import { makeMarkName, withMark } from './marks.ts';
import { readChunk } from './restore-files.ts';
import { openVault, putSealed, readSealed, type Vault } from './vault.ts';

export interface HouseFile {
  /** Relative to the folder of the declaration, with `/`. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

/** What is plain to read, so that whoever holds the store alone knows which key to look for. */
export interface HouseHead {
  readonly format: 1;
  readonly system: string;
  readonly keyCheck: string;
  /** Of the variable that holds the key; '' where nothing is encrypted. */
  readonly keyName: string;
}

export interface HouseManifest {
  readonly format: 1;
  readonly id: string;
  /** Unix ms. */
  readonly at: number;
  readonly files: readonly {
    readonly path: string;
    readonly mode: number;
    readonly size: number;
    readonly slices: readonly Slice[];
  }[];
  readonly chunks: readonly BackupChunk[];
  readonly bytes: number;
  readonly newBytes: number;
  /** Words of the caller about what it packed; JSON. */
  readonly about: unknown;
}

const headKey = 'house.json';
const folderOf = (system: string) => `${system}/_house`;

export function openHouseVault(store: ObjectStore, system: string, key?: Uint8Array): Vault {
  return openVault(store, { folder: folderOf(system), ...(key === undefined ? {} : { key }) });
}

/** Names of the systems whose house lies in `store`. */
export async function listHouses(store: ObjectStore): Promise<readonly string[]> {
  const found = new Set<string>();
  for await (const { key } of listAll(store, ''))
    if (key.endsWith(`/_house/${headKey}`)) found.add(key.split('/')[0] ?? '');
  return [...found].sort();
}

/** Throws HALE_PLATFORM_BACKUP_NONE where none was ever taken, _DAMAGED. */
export async function readHouseHead({ store }: Vault): Promise<HouseHead> {
  const body = await getWhole(store, headKey);
  if (body === undefined) throw backupError('HALE_PLATFORM_BACKUP_NONE', `there is no house in ${store.url}`);
  try {
    const head = JSON.parse(Buffer.from(body).toString()) as HouseHead;
    if (head.format === 1 && typeof head.keyCheck === 'string') return head;
  } catch {
    // Said below.
  }
  throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${headKey} in ${store.url} is damaged`);
}

/** The head, where the key fits it. Throws HALE_PLATFORM_BACKUP_KEY_MISSING, _KEY_WRONG, _NONE, _DAMAGED. */
export async function unlockHouse(vault: Vault): Promise<HouseHead> {
  const head = await readHouseHead(vault);
  if (head.keyCheck === vault.sealer.keyCheck) return head;
  const { url } = vault.store;
  if (head.keyCheck === '')
    throw backupError('HALE_PLATFORM_BACKUP_KEY_WRONG', `${url} was begun without encryption, and a key was given`);
  if (!vault.sealer.encrypts)
    throw backupError('HALE_PLATFORM_BACKUP_KEY_MISSING', `${url} is encrypted, and no key was given`);
  throw backupError('HALE_PLATFORM_BACKUP_KEY_WRONG', `${url} was encrypted with another key than the one given`);
}

export interface HouseOrder {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly system: string;
  readonly keyName: string;
  readonly files: readonly HouseFile[];
  readonly about: unknown;
}

const busyTriesMax = 20;
const busyAgainMs = 500;

/** Waits some seconds for who cleans up there. Throws HALE_PLATFORM_BACKUP_KEY_*, _BUSY, HALE_PLATFORM_STORE_*. */
export async function takeHouse(order: HouseOrder): Promise<HouseManifest> {
  const { vault, clock, system, keyName } = order;
  const head: HouseHead = { format: 1, system, keyCheck: vault.sealer.keyCheck, keyName };
  await vault.store.putIfAbsent(headKey, Buffer.from(JSON.stringify(head)));
  await unlockHouse(vault);
  for (let left = busyTriesMax; ; left--) {
    const id = makeBackupId(clock.wall(), randomBytes(3).toString('hex'));
    try {
      return await withMark(vault, { kind: 'backup', name: id, clock }, () => pack(order, id));
    } catch (error) {
      // A clean-up of houses takes a moment, and the next time to take one may be a day away.
      if (left === 0 || !isHaleError(error) || error.code !== 'HALE_PLATFORM_BACKUP_BUSY') throw error;
    }
    await new Promise<void>((resolve) => void clock.after(busyAgainMs, resolve));
  }
}

async function pack({ vault, clock, files, about }: HouseOrder, id: string): Promise<HouseManifest> {
  const shelf = await openShelf(vault);
  const cutter = createCutter((index, content) => shelf.put(index, content));
  const packed: HouseManifest['files'][number][] = [];
  for (const { path, mode, content } of files) {
    cutter.begin(content.length);
    await cutter.data(content);
    packed.push({ path, mode: mode & 0o777, size: content.length, slices: await cutter.end() });
  }
  await cutter.finish();
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  const at = Math.floor(clock.wall());
  const chunks = await shelf.finish();
  const manifest: HouseManifest = {
    format: 1,
    id,
    at,
    files: packed,
    chunks,
    bytes,
    newBytes: shelf.newBytes(),
    about,
  };
  await putSealed(vault, manifestKeyOf(id), { content: Buffer.from(JSON.stringify(manifest)), stamp: at });
  return manifest;
}

const manifestKeyOf = (id: string) => `house/${id}/manifest`;

/** Ids of all copies, oldest first. */
export async function listHouseIds(vault: Vault): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { key } of listAll(vault.store, 'house/')) {
    const [, id = '', rest] = key.split('/');
    if (rest === 'manifest' && isBackupId(id)) ids.push(id);
  }
  return ids.sort();
}

/** The newest copy, or the one of `id`. Throws HALE_PLATFORM_BACKUP_NONE, _KEY_*, _DAMAGED. */
export async function readHouse(vault: Vault, id?: string): Promise<HouseManifest> {
  await unlockHouse(vault);
  const wanted = id ?? (await listHouseIds(vault)).at(-1) ?? '';
  const key = manifestKeyOf(wanted);
  const opened = wanted === '' ? undefined : await readSealed(vault, key);
  // The newest of a moment ago was taken away because there is a newer one.
  if (opened === undefined && id === undefined && wanted !== (await listHouseIds(vault)).at(-1))
    return readHouse(vault);
  if (opened === undefined)
    throw backupError('HALE_PLATFORM_BACKUP_NONE', `there is no house ${wanted} in ${vault.store.url}`);
  const manifest = JSON.parse(opened.content.toString()) as HouseManifest;
  const outside = manifest.files.find(({ path }) => !isInside(path));
  if (outside === undefined) return manifest;
  throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${key} names '${outside.path}', which leads elsewhere`);
}

/** Lays the files out in `folder`, which is made. Throws HALE_PLATFORM_BACKUP_DAMAGED. */
export async function layOutHouse(vault: Vault, manifest: HouseManifest, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const boxes = new Map<number, Promise<Buffer>>();
  const box = (index: number): Promise<Buffer> => {
    const chunk = manifest.chunks[index];
    if (chunk === undefined) throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', `house ${manifest.id} lacks a chunk`);
    const reading = boxes.get(index) ?? readChunk(vault, chunk);
    boxes.set(index, reading);
    return reading;
  };
  for (const { path, mode, slices } of manifest.files) {
    const parts: Buffer[] = [];
    for (const [index, offset, length] of slices) parts.push((await box(index)).subarray(offset, offset + length));
    const whole = join(folder, path);
    await mkdir(dirname(whole), { recursive: true, mode: 0o700 });
    await writeFile(whole, Buffer.concat(parts), { mode: 0o600 });
    await chmod(whole, mode & 0o777);
  }
}

/** However young they are (INV-09). */
const copiesMax = 50;

/** Takes away copies that are older than `keepMs`, never the newest, and the chunks that none of the rest leans on. Throws HALE_PLATFORM_BACKUP_BUSY. */
export async function pruneHouse(vault: Vault, clock: Clock, keepMs: number): Promise<number> {
  const name = makeMarkName(clock);
  return withMark(vault, { kind: 'prune', name, clock }, async () => {
    const ids = await listHouseIds(vault);
    const manifests: HouseManifest[] = [];
    for (const id of ids) manifests.push(await readHouse(vault, id));
    const young = new Set(ids.slice(-copiesMax));
    const stays = ({ at, id }: HouseManifest) => id === ids.at(-1) || (young.has(id) && at >= clock.wall() - keepMs);
    const needed = new Set(manifests.filter(stays).flatMap(({ chunks }) => chunks.map(({ key }) => key)));
    const gone = manifests.filter((one) => !stays(one)).map(({ id }) => manifestKeyOf(id));
    for await (const { key } of listAll(vault.store, 'chunk/')) if (!needed.has(key)) gone.push(key);
    for (const key of gone) await vault.store.delete(key);
    return gone.length;
  });
}
