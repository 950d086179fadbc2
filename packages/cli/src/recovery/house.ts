// The house of a system, into its store and out again: what is packed with it beside the files, under which key it lies, and how an
// empty folder becomes the house it was. The one way in for `hale backup now`, `hale restore --house` and the drill.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Clock } from '@hale/base';
import { type Checkpoint, writeCheckpoint } from '@hale/control';
import type { SystemSpec } from '@hale/model';
import {
  type HouseFile,
  type HouseManifest,
  layOutHouse,
  listHouses,
  openHouseVault,
  openStore,
  openStrongbox,
  parseKey,
  pruneHouse,
  readHouse,
  readHouseHead,
  takeHouse,
  type Vault,
} from '@hale/platform/postgres';
import { findConfig } from '../config/find-config.ts';
import { cliError } from '../errors.ts';
import type { Host } from '../host.ts';
import { ownVersion } from '../init/own-package.ts';
import { checkpointOf, journalFileOf } from '../system/cluster-memory.ts';
import { latestRelease, makeStateFolder, readIdentity, stateFolderOf } from '../system/folder.ts';
import { collectHouse, type LeftOut } from './house-files.ts';
import { knownSecrets, secretNamesOf } from './known-secrets.ts';
import { renamed } from './renamed.ts';

/** What the packing list says beside the files. */
export interface AboutHouse {
  readonly system: string;
  /** Where it ran. */
  readonly root: string;
  /** The declaration, seen from there. */
  readonly config: string;
  readonly node: string;
  readonly hale: string;
  readonly lockfile: string | undefined;
  /** The folder of node_modules that it ran with. */
  readonly modules: string | undefined;
  /** Of the store that it lies in, as declared: the databases of that store are found where the house is. */
  readonly store: string;
  /** Names of secret() references: their values are no part of a backup. */
  readonly secrets: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** The journal's place that the checkpoint stands at; undefined where there was no journal. */
  readonly journalSeq: number | undefined;
}

export const checkpointName = '.hale/checkpoint.json';

/** The database whose store and key the house of `url` shares: the first that is declared. */
function keeperOf(spec: SystemSpec, url: string): string | undefined {
  return Object.entries(spec.backups ?? {}).find(([, backup]) => backup.url === url)?.[0];
}

/** The vault of the house beside the backups of `database`, and the name of its key. Throws HALE_PLATFORM_BACKUP_*, _STORE_*. */
export async function openHouseOf(
  spec: SystemSpec,
  database: string,
  env: Host['env'],
): Promise<{ readonly vault: Vault; readonly keyName: string }> {
  const url = spec.backups?.[database]?.url ?? '';
  const keeper = keeperOf(spec, url) ?? database;
  const { key, store } = await openStrongbox(spec, keeper, env);
  return { vault: openHouseVault(store, spec.name, key), keyName: spec.backups?.[keeper]?.encrypt?.name ?? '' };
}

export interface HouseTaking {
  readonly spec: SystemSpec;
  readonly database: string;
  /** The declaration, if it is not hale.config.ts. */
  readonly config: string | undefined;
}

/** Packs the house into the store of `database`. Throws HALE_CLI_HOUSE_TOO_LARGE, HALE_PLATFORM_BACKUP_*, HALE_PLATFORM_STORE_*. */
export async function takeHouseOf(
  host: Pick<Host, 'clock' | 'env'>,
  { spec, database, config }: HouseTaking,
): Promise<HouseManifest> {
  const { root } = spec;
  const { vault, keyName } = await openHouseOf(spec, database, host.env);
  const found = findConfig(config ?? root);
  if (!('file' in found)) throw cliError('HALE_CLI_NO_DECLARATION', found.problem.message);
  const collected = collectHouse({ spec, config: found.file, secrets: knownSecrets(spec, host.env) });
  const checkpoint = checkpointOf(root);
  const lockfile = lockfiles.find((name) => existsSync(join(root, name)));
  const about: AboutHouse = {
    ...{ system: spec.name, root, config: relative(root, found.file), node: process.version, hale: ownVersion() },
    ...{ lockfile, modules: modulesOf(root), secrets: secretNamesOf(spec), leftOut: collected.leftOut },
    store: spec.backups?.[database]?.url ?? '',
    journalSeq: checkpoint?.seq,
  };
  const files = [...collected.files, ...stateFiles(root, checkpoint)];
  const { clock } = host;
  const manifest = await takeHouse({ vault, clock, system: spec.name, keyName, files, about });
  // Somebody else at work there is no reason to fail: the next one cleans up.
  await pruneHouse(vault, clock, spec.backups?.[database]?.keepMs ?? 0).catch(() => {});
  return manifest;
}

const lockfiles = ['package-lock.json', 'npm-shrinkwrap.json'];

/** The nearest folder of installed packages, as Node looks for it. */
function modulesOf(root: string): string | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(join(modules, 'hale'))) return modules;
    if (dirname(folder) === folder) return undefined;
  }
}

function stateFiles(root: string, checkpoint: Checkpoint | undefined): readonly HouseFile[] {
  const state = stateFolderOf(root);
  const latest = latestRelease(root)?.release;
  const names = ['system.json', ...(latest === undefined ? [] : [`releases/${latest}.json`])];
  const kept = names.filter((name) => existsSync(join(state, name)));
  return [
    ...kept.map((name) => ({ path: `.hale/${name}`, mode: 0o600, content: readFileSync(join(state, name)) })),
    ...(checkpoint === undefined
      ? []
      : [{ path: checkpointName, mode: 0o600, content: Buffer.from(JSON.stringify(checkpoint)) }]),
  ];
}

export interface StoredHouse {
  readonly vault: Vault;
  /** The store as one can name it from anywhere. */
  readonly url: string;
  /** The key under the name that the declaration knows it by. */
  readonly env: Readonly<Record<string, string>>;
  readonly manifest: HouseManifest;
  readonly about: AboutHouse;
}

/**
 * The newest house in the store at `from`, with nothing else known than the key in the environment: under the name that the store
 * tells, or as HALE_BACKUP_KEY. Throws HALE_PLATFORM_BACKUP_NONE, _KEY_*, HALE_PLATFORM_STORE_*, HALE_CLI_USAGE.
 */
export async function findHouse(
  from: string,
  { folder, env, system }: { readonly folder: string; readonly env: Host['env']; readonly system: string | undefined },
): Promise<StoredHouse> {
  const store = await openStore(from, { folder, env });
  const systems = await listHouses(store);
  const name = system ?? systems[0];
  if (system === undefined && systems.length > 1)
    throw cliError('HALE_CLI_USAGE', `several systems keep their house there: ${systems.join(', ')}`, {
      hint: `say which: --system ${systems[0]}`,
    });
  if (name === undefined || !systems.includes(name))
    throw cliError('HALE_CLI_NO_HOUSE', `there is no house ${system ?? ''} in ${store.url}`.replace('  ', ' '));
  const { keyName } = await readHouseHead(openHouseVault(store, name));
  const text = keyName === '' ? undefined : (env[keyName] ?? env['HALE_BACKUP_KEY']);
  if (keyName !== '' && text === undefined)
    throw cliError(
      'HALE_CLI_HOUSE_KEY',
      `the house of ${name} is encrypted, and neither ${keyName} nor HALE_BACKUP_KEY is set`,
      {
        hint: `put the key into the environment: ${keyName}=... and run it again`,
      },
    );
  const key = text === undefined ? undefined : parseKey(text, env[keyName] === undefined ? 'HALE_BACKUP_KEY' : keyName);
  const vault = openHouseVault(store, name, key);
  const manifest = await readHouse(vault);
  const named: Readonly<Record<string, string>> = text === undefined ? {} : { [keyName]: text };
  const url = from.startsWith('file:') ? store.url : from;
  return { vault, url, env: named, manifest, about: manifest.about as AboutHouse };
}

/** Lays the house out in an empty folder; the checkpoint becomes a journal again, under `id` where another is wanted. */
export async function moveHouseTo(
  house: StoredHouse,
  folder: string,
  order: { clock: Clock; id?: string },
): Promise<void> {
  await layOutHouse(house.vault, house.manifest, folder);
  makeStateFolder(folder);
  mkdirSync(join(folder, '.hale', 'releases'), { recursive: true, mode: 0o700 });
  const file = resolve(folder, checkpointName);
  if (!existsSync(file)) return;
  const { state } = JSON.parse(readFileSync(file, 'utf8')) as Checkpoint;
  const old = readIdentity(folder)?.id;
  const names = old === undefined || order.id === undefined ? {} : { [old]: order.id };
  writeCheckpoint(journalFileOf(folder), renamed(state, names), order.clock.wall());
  rmSync(file);
}
