// The rooms of the vault: where what lies in the store of one database, and the one way to put it there and get it out.
//
//   cluster.json                          whose it is, and whether a key is needed (plain, so that a wrong key can be told as such)
//   base/<id>/manifest                    the packing list of a backup; written last
//   chunk/<ab>/<id>                       pieces of files, named after their content; stored once
//   wal/<timeline>/<segment>              a whole segment of the log
//   wal/<timeline>/<segment>.<from>-<to>  what there is so far of the newest one (offsets, hexadecimal)
//   history/<timeline>                    whence a timeline comes
//   proof/<id>/<time>                     what a restore drill of that backup found
//   damaged/<id>                          a chunk that was found damaged: the next backup stores it anew beside the old one
//   running/<kind>-<name>                 somebody is at work
import { getWhole, listAll, type ObjectStore, scopeStore } from '@hale/ports';
import { createSealer, type Opened, type Packing, type Sealer } from './envelope.ts';
import { backupError } from './errors.ts';
import { type BackupManifest, isBackupId, parseManifest } from './manifest.ts';

export interface Vault {
  readonly store: ObjectStore;
  readonly sealer: Sealer;
}

/** Whose vault it is. */
export interface Cluster {
  readonly format: 1;
  readonly systemIdentifier: string;
  readonly segmentBytes: number;
  /** '' where nothing is encrypted. */
  readonly keyCheck: string;
}

const clusterKey = 'cluster.json';

/** `folder`: where in the store this database has its place, such as 'shop/db'. `key`: 32 bytes. */
export function openVault(
  store: ObjectStore,
  options: { folder?: string; key?: Uint8Array; packing?: Packing } = {},
): Vault {
  const scoped = options.folder === undefined ? store : scopeStore(store, options.folder);
  return { store: scoped, sealer: createSealer(options.key, options.packing) };
}

/** For whoever writes: makes the vault this cluster's, or checks that it is. Throws HALE_PLATFORM_BACKUP_FOREIGN, _KEY_*. */
export async function claimVault(
  vault: Vault,
  owner: Pick<Cluster, 'systemIdentifier' | 'segmentBytes'>,
): Promise<void> {
  const { systemIdentifier, segmentBytes } = owner;
  const cluster: Cluster = { format: 1, systemIdentifier, segmentBytes, keyCheck: vault.sealer.keyCheck };
  await vault.store.putIfAbsent(clusterKey, Buffer.from(JSON.stringify(cluster)));
  const found = await readCluster(vault);
  if (found.systemIdentifier === systemIdentifier) return;
  throw backupError(
    'HALE_PLATFORM_BACKUP_FOREIGN',
    `${vault.store.url} holds the backups of another database (${found.systemIdentifier}; this one is ${systemIdentifier})`,
  );
}

/** Throws HALE_PLATFORM_BACKUP_NONE where nothing was ever backed up, _KEY_MISSING, _KEY_WRONG, _DAMAGED. */
export async function readCluster({ store, sealer }: Vault): Promise<Cluster> {
  const body = await getWhole(store, clusterKey);
  if (body === undefined) throw backupError('HALE_PLATFORM_BACKUP_NONE', `there is no backup in ${store.url}`);
  const cluster = parseCluster(Buffer.from(body).toString());
  if (cluster === undefined) {
    throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${clusterKey} in ${store.url} is damaged`, {
      details: { object: clusterKey },
    });
  }
  if (cluster.keyCheck === sealer.keyCheck) return cluster;
  if (cluster.keyCheck === '') {
    throw backupError(
      'HALE_PLATFORM_BACKUP_KEY_WRONG',
      `${store.url} was begun without encryption, and a key was given`,
    );
  }
  if (!sealer.encrypts)
    throw backupError('HALE_PLATFORM_BACKUP_KEY_MISSING', `${store.url} is encrypted, and no key was given`);
  throw backupError('HALE_PLATFORM_BACKUP_KEY_WRONG', `${store.url} was encrypted with another key than the one given`);
}

function parseCluster(text: string): Cluster | undefined {
  try {
    const value = JSON.parse(text) as Cluster;
    const fits =
      value.format === 1 &&
      /^\d+$/.test(value.systemIdentifier) &&
      value.segmentBytes > 0 &&
      typeof value.keyCheck === 'string';
    return fits ? value : undefined;
  } catch {
    return undefined;
  }
}

export async function putSealed(
  { store, sealer }: Vault,
  key: string,
  letter: { readonly content: Uint8Array; readonly stamp?: number },
): Promise<'stored' | 'there'> {
  return store.putIfAbsent(key, await sealer.seal({ name: key, ...letter }));
}

/** Undefined where there is no such object. Throws HALE_PLATFORM_BACKUP_DAMAGED. */
export async function readSealed({ store, sealer }: Vault, key: string): Promise<Opened | undefined> {
  const body = await getWhole(store, key);
  return body && sealer.open(key, body);
}

export function manifestKey(id: string): string {
  return `base/${id}/manifest`;
}

/** A chunk that was found damaged is stored again as edition 2, and so on. */
export function chunkKey(id: string, edition = 1): string {
  return `chunk/${id.slice(0, 2)}/${id}${edition === 1 ? '' : `.${edition}`}`;
}

export function chunkIdOf(key: string): string {
  return (key.split('/').at(-1) ?? '').split('.')[0] ?? '';
}

/** Ids of all backups, oldest first. */
export async function listBackupIds(vault: Vault): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { key } of listAll(vault.store, 'base/')) {
    const [, id = '', rest] = key.split('/');
    if (rest === 'manifest' && isBackupId(id)) ids.push(id);
  }
  return ids.sort();
}

/** Throws HALE_PLATFORM_BACKUP_UNKNOWN, _DAMAGED, _FOREIGN. */
export async function readManifest(vault: Vault, id: string, cluster: Cluster): Promise<BackupManifest> {
  const key = manifestKey(id);
  const opened = await readSealed(vault, key);
  if (opened === undefined) {
    throw backupError('HALE_PLATFORM_BACKUP_UNKNOWN', `there is no backup ${id} in ${vault.store.url}`);
  }
  const manifest = parseManifest(opened.content.toString(), key);
  if (manifest.systemIdentifier === cluster.systemIdentifier) return manifest;
  throw backupError(
    'HALE_PLATFORM_BACKUP_FOREIGN',
    `backup ${id} is of another database (${manifest.systemIdentifier}, this store is of ${cluster.systemIdentifier})`,
    { details: { object: key } },
  );
}
