// What a declaration says about the backups of one database, made real: its store opened, its key found, and where the spool of its
// log lies. The spool of a store that is a folder lies in that folder: what the receiver flushed is then as safe as the store.
import { isAbsolute, join, resolve } from 'node:path';
import { acknowledgersDefault, type BackupSpec, backedUpOf, isCluster, type SystemSpec } from '@hale/model';
import type { ObjectStore } from '@hale/ports';
import { ownUrl } from '../postgres/address.ts';
import { readSecrets, resolveReference } from '../process/environment.ts';
import { openStore } from '../store/open-store.ts';
import { backupError } from './errors.ts';
import { parseKey } from './key.ts';
import { receiverVoices } from './steward/receiver-name.ts';
import { openVault, type Vault } from './vault.ts';

export interface Strongbox {
  readonly database: string;
  readonly vault: Vault;
  /** All of it, where the vault is one folder. */
  readonly store: ObjectStore;
  readonly spool: string;
  readonly spec: BackupSpec;
  readonly key: Uint8Array | undefined;
  /** Whether several nodes share the data. */
  readonly cluster: boolean;
  /** Of a receiver for which commits wait. */
  readonly voices: number;
  /** Somebody else runs it: it is brought back into a folder only. */
  readonly isElsewhere: boolean;
  /** Which PostgreSQL brings it back; absent: the build from npm. */
  readonly bin?: string;
  /** The database's address. Throws HALE_PLATFORM_BACKUP_SOURCE where it was never started. */
  url(): string;
}

/** `database`: a name of `resources`; may be left out where only one has a backup. Throws HALE_PLATFORM_BACKUP_UNDECLARED, _KEY_*, _STORE_*. */
export async function openStrongbox(
  system: SystemSpec,
  database: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Strongbox> {
  const name = choose(system, database);
  const found = backedUpOf(system).find(({ resource }) => resource.name === name);
  if (found === undefined) throw undeclared(`${name} has no backup in the declaration`);
  const { backup: spec, resource } = found;
  const store = await openStore(spec.url, { folder: system.root, env: { ...env, ...storeSecrets(system.root) } });
  const { encrypt } = spec;
  const key =
    encrypt === undefined
      ? undefined
      : parseKey(
          resolveReference('encrypt', encrypt, { root: system.root, host: env }),
          `${encrypt.kind}('${encrypt.name}')`,
        );
  return {
    database: name,
    store,
    vault: openVault(store, { folder: `${system.name}/${name}`, ...(key && { key }) }),
    key,
    spool: spoolOf(system, name, spec),
    spec,
    cluster: isCluster(resource),
    voices: isCluster(resource) ? receiverVoices(resource.standbys ?? 0, acknowledgersDefault) : 1,
    isElsewhere: resource.url !== undefined,
    ...(resource.bin !== undefined && { bin: resource.bin }),
    url() {
      const url = ownUrl(system, name);
      if (url === undefined) throw backupError('HALE_PLATFORM_BACKUP_SOURCE', `${name} was never started here`);
      return url;
    },
  };
}

/** What the clients of the stores look for by themselves. */
const storeVariable = /^(?:AWS|AZURE|HALE_S3)_/;

/** Credentials of stores that lie in `.hale/secrets.env`. Throws HALE_PLATFORM_SECRETS_OPEN. */
export function storeSecrets(root: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(readSecrets(root)).filter(([name]) => storeVariable.test(name)));
}

function choose(system: SystemSpec, database: string | undefined): string {
  const names = Object.keys(system.backups ?? {});
  if (database !== undefined) {
    if (system.resources[database] !== undefined) return database;
    throw undeclared(`${database} is no database of ${system.name}`);
  }
  if (names.length === 1 && names[0] !== undefined) return names[0];
  throw undeclared(
    names.length === 0 ? 'no database has a backup in the declaration' : `say which: --db ${names.join(' or ')}`,
  );
}

function undeclared(message: string): Error {
  return backupError('HALE_PLATFORM_BACKUP_UNDECLARED', message);
}

function spoolOf(system: SystemSpec, name: string, { url }: BackupSpec): string {
  if (!url.startsWith('file:')) return join(system.root, '.hale', 'spool', name);
  const path = url.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
  // The dot keeps it out of every listing of the store.
  return join(isAbsolute(path) ? path : resolve(system.root, path), `.spool-${system.name}-${name}`);
}
