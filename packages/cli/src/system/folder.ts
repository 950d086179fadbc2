// Where a system lives on disk: the folder of its declaration, and `.hale` in it with the identity that outlives every
// process (decision 0002). It reads and writes small files, each beside and renamed; it starts nothing.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { canonicalJson } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { cliError } from '../errors.ts';

/** `.hale/system.json`: the UUID, and every listener's port by name ('public', 'api', 'svc:orders'). */
export interface SystemIdentity {
  readonly id: string;
  readonly ports: Readonly<Record<string, number>>;
}

const releasesKept = 10;

export const stateFolderOf = (root: string) => join(root, '.hale');
export const logFolderOf = (root: string) => join(root, '.hale', 'logs');
const identityFileOf = (root: string) => join(root, '.hale', 'system.json');
const releaseFolderOf = (root: string) => join(root, '.hale', 'releases');

/** The nearest folder from `start` upwards that holds a system that was started once; undefined when there is none. */
export function findSystemRoot(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(identityFileOf(folder))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** The identity in `root`; undefined when there is none yet. Throws HALE_CLI_SYSTEM_FILE_BROKEN when it cannot be read as one. */
export function readIdentity(root: string): SystemIdentity | undefined {
  const file = identityFileOf(root);
  if (!existsSync(file)) return undefined;
  let value: Partial<SystemIdentity>;
  try {
    value = JSON.parse(readFileSync(file, 'utf8')) as Partial<SystemIdentity>;
  } catch (error) {
    throw cliError('HALE_CLI_SYSTEM_FILE_BROKEN', `${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof value?.id !== 'string' || !/^[0-9a-f-]{36}$/i.test(value.id) || typeof value.ports !== 'object') {
    throw cliError('HALE_CLI_SYSTEM_FILE_BROKEN', `${file} holds no identity`);
  }
  return { id: value.id, ports: value.ports };
}

/** Makes `.hale` (0700). Not with `recursive`, which says ENOENT where a read-only disk is meant. */
export function makeStateFolder(root: string): void {
  if (!existsSync(stateFolderOf(root))) mkdirSync(stateFolderOf(root), { mode: 0o700 });
}

/** Makes `.hale` (0700) and the identity, where they are not there yet. */
export function prepareFolder(root: string): SystemIdentity {
  makeStateFolder(root);
  mkdirSync(logFolderOf(root), { recursive: true, mode: 0o700 });
  mkdirSync(releaseFolderOf(root), { recursive: true, mode: 0o700 });
  const known = readIdentity(root);
  if (known !== undefined) return known;
  const fresh: SystemIdentity = { id: randomUUID(), ports: {} };
  writeIdentity(root, fresh);
  return fresh;
}

export function writeIdentity(root: string, identity: SystemIdentity): void {
  writeAtomically(identityFileOf(root), `${JSON.stringify(identity, null, 2)}\n`);
}

/** Writes beside and renames, so that a reader sees the old or the new and a full disk loses nothing. */
export function writeAtomically(file: string, text: string): void {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text, { mode: 0o600, flush: true });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** The newest release on disk; undefined before the first. A file that cannot be read is passed over. */
export function latestRelease(root: string): { readonly release: number; readonly spec: SystemSpec } | undefined {
  for (const release of releaseNumbers(root).reverse()) {
    const file = join(releaseFolderOf(root), `${release}.json`);
    // half a release is no release: the one before it stands
    if (isReadable(file)) return { release, spec: JSON.parse(readFileSync(file, 'utf8')) as SystemSpec };
  }
  return undefined;
}

/**
 * Moves releases that cannot be read out of the way of a control room that would begin with them; gives their names. Only
 * for a system that does not run. Their numbers are not given again.
 */
export function setBrokenReleasesAside(root: string): string[] {
  return releaseNumbers(root).flatMap((release) => {
    const file = join(releaseFolderOf(root), `${release}.json`);
    if (isReadable(file)) return [];
    renameSync(file, `${file}.broken`);
    return [`${release}.json`];
  });
}

function isReadable(file: string): boolean {
  try {
    const spec = JSON.parse(readFileSync(file, 'utf8')) as Partial<SystemSpec> | null;
    return typeof spec?.id === 'string' && typeof spec.services === 'object';
  } catch {
    return false;
  }
}

function numbersEverGiven(root: string): number {
  return readdirSync(releaseFolderOf(root)).reduce((most, name) => Math.max(most, Number.parseInt(name, 10) || 0), 0);
}

function releaseNumbers(root: string): number[] {
  if (!existsSync(releaseFolderOf(root))) return [];
  return readdirSync(releaseFolderOf(root))
    .flatMap((name) => (/^\d+\.json$/.test(name) ? [Number.parseInt(name, 10)] : []))
    .sort((a, b) => a - b);
}

/** Writes the next release if `spec` differs from the newest, and forgets all but the last ten; gives the number to declare. */
export function recordRelease(root: string, spec: SystemSpec): { readonly release: number; readonly changed: boolean } {
  const latest = latestRelease(root);
  if (latest !== undefined && canonicalJson(latest.spec) === canonicalJson(spec)) {
    return { release: latest.release, changed: false };
  }
  const numbers = releaseNumbers(root);
  const release = numbersEverGiven(root) + 1;
  writeAtomically(join(releaseFolderOf(root), `${release}.json`), JSON.stringify(spec));
  for (const old of numbers.slice(0, Math.max(0, numbers.length + 1 - releasesKept))) {
    rmSync(join(releaseFolderOf(root), `${old}.json`), { force: true });
  }
  return { release, changed: true };
}

/** Takes a release back that was refused, so that no control room begins with it. */
export function withdrawRelease(root: string, release: number): void {
  rmSync(join(releaseFolderOf(root), `${release}.json`), { force: true });
}
