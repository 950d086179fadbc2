// The empty folder of a bare drill: the house is laid out in it, under an identity of its own so that it can never be taken for the
// system it is a copy of; packages are linked or installed; the declaration is read with free ports and without backups.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { loadConfig } from '../config/load-config.ts';
import type { Host } from '../host.ts';
import { writeIdentity } from '../system/folder.ts';
import { moveHouseTo, type StoredHouse } from './house.ts';

const run = promisify(execFile);
const installWithinMs = 10 * 60_000;

/** Made and filled; gives the folder. */
export async function fillBareFolder(house: StoredHouse, clock: Clock): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hale-bare-'));
  const id = randomUUID();
  await moveHouseTo(house, folder, { clock, id });
  writeIdentity(folder, { id, ports: {} });
  return folder;
}

export interface Packages {
  readonly how: 'linked' | 'installed' | 'none';
  /** Why there are none; '' where there are. */
  readonly problem: string;
}

/** Linked from where the system ran, if that is still there: on another machine they are installed by the lockfile. */
export async function bringPackages({ about }: StoredHouse, folder: string): Promise<Packages> {
  const { modules, lockfile } = about;
  if (modules !== undefined && existsSync(modules)) {
    symlinkSync(modules, join(folder, 'node_modules'));
    return { how: 'linked', problem: '' };
  }
  if (lockfile === undefined)
    return { how: 'none', problem: 'there is no lockfile in the house, so its packages cannot be installed' };
  try {
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, timeout: installWithinMs });
    return { how: 'installed', problem: '' };
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? (error as Error).message;
    return { how: 'none', problem: `npm ci failed: ${said}` };
  }
}

export interface BareDeclaration {
  /** As it is to be started: free ports, and no backups, because a copy must never write into the store of the original. */
  readonly spec: SystemSpec;
  /** The same with its backups, each with the store that can be reached from here. */
  readonly withStores: SystemSpec;
}

/** Gives the problems instead, where it cannot be used. */
export async function readBareDeclaration(
  house: StoredHouse,
  folder: string,
  env: Host['env'],
): Promise<BareDeclaration | { readonly problems: readonly string[] }> {
  const loaded = await loadConfig(join(folder, house.about.config), { id: randomUUID(), environment: env });
  if (loaded.value === undefined) {
    const errors = loaded.problems.filter(({ severity }) => severity === 'error');
    return { problems: errors.map(({ path, message, hint }) => `the declaration: ${path} ${message} (${hint})`) };
  }
  const { backups = {}, ...spec } = loaded.value;
  const reachable = Object.entries(backups).map(([name, backup]) => {
    return [name, { ...backup, url: backup.url === house.about.store ? house.url : backup.url }] as const;
  });
  return { spec: withFreePorts(spec), withStores: { ...spec, backups: Object.fromEntries(reachable) } };
}

/** A relative folder of the old place is nowhere. */
export function isElsewhere(url: string): boolean {
  return url.startsWith('file:') && !isAbsolute(url.slice('file:'.length));
}

/** Whatever has a port of its own may be running right beside us. */
export function withFreePorts(spec: SystemSpec): SystemSpec {
  const { gateway } = spec;
  const free = <T extends { readonly port: number | undefined }>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).map(([name, one]) => [name, { ...one, port: undefined }]));
  const tls = gateway?.tls === undefined ? undefined : { ...gateway.tls, port: 0 };
  return {
    ...spec,
    services: free(spec.services),
    resources: free(spec.resources),
    gateway: gateway && { ...gateway, port: 0, tls },
  };
}
