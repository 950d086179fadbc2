// The machine's own PostgreSQL, where `postgres({ bin })` names it: are its programs there, and is it one that Hale knows? It is
// looked at and never mended. And the question that comes before any start, whichever server it is: was this data made by it?
import { execFile } from 'node:child_process';
import { access, constants, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresSpec } from '@hale/model';
import { homeOf } from './address.ts';
import { installedVersion, type PostgresBinaries } from './binaries.ts';
import { bareEnvironment, checkVersion, readText } from './data-folder.ts';
import { postgresError } from './errors.ts';

const run = promisify(execFile);
const askTimeoutMs = 10_000;

/** Their replication protocol, their control file and the settings that Hale gives them are known. */
const majors = { min: 15, max: 18 } as const;

/** The server whose programs lie in `bin`. Throws HALE_PLATFORM_POSTGRES_BIN. */
export async function ownBinaries(bin: string): Promise<PostgresBinaries> {
  const [initdb, postgres] = [join(bin, 'initdb'), join(bin, 'postgres')];
  for (const program of [initdb, postgres]) {
    if (await mayRun(program)) continue;
    const deeper = (await mayRun(join(bin, 'bin', 'postgres'))) ? `; did you mean ${join(bin, 'bin')}?` : '';
    throw postgresError('HALE_PLATFORM_POSTGRES_BIN', `${program} is missing or cannot be run${deeper}`);
  }
  const said = await run(postgres, ['--version'], { timeout: askTimeoutMs, env: bareEnvironment() }).catch(
    (cause: unknown) => {
      const words = (cause as { stderr?: string }).stderr?.trim() || String(cause);
      throw postgresError('HALE_PLATFORM_POSTGRES_BIN', `${postgres} does not run here: ${words}`, { cause });
    },
  );
  const version = versionIn(said.stdout);
  if (version === undefined)
    throw postgresError('HALE_PLATFORM_POSTGRES_BIN', `${postgres} is not PostgreSQL: it has no version to tell`);
  const major = Number.parseInt(version, 10);
  if (major < majors.min || major > majors.max)
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_BIN',
      `${bin} holds PostgreSQL ${version}, and Hale runs ${majors.min} to ${majors.max}`,
    );
  return { native: dirname(bin), initdb, postgres, version };
}

/** '15.18' of 'postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'; '18beta1' as it is. */
export function versionIn(said: string): string | undefined {
  return /^postgres \(PostgreSQL\) (\d+\S*)/.exec(said)?.[1];
}

/**
 * Is the declared server there, and was the data that lies there made by its major version? Asked before anything is stopped or
 * started. Throws HALE_PLATFORM_POSTGRES_BIN, _VERSION.
 */
export async function assertServerFits(root: string, resource: PostgresSpec): Promise<void> {
  const own = resource.bin === undefined ? undefined : await ownBinaries(resource.bin);
  const home = homeOf(root, resource.name);
  for (const name of await readdir(home).catch(() => [])) {
    if (!/^pgdata(-\d+)?$/.test(name)) continue;
    const made = readText(join(home, name, 'PG_VERSION')).trim();
    if (made === '') continue;
    const version = own?.version ?? (await installedVersion());
    // That no server is installed at all is said where one is started.
    if (version !== undefined) checkVersion(made, version, join(home, name));
  }
}

function mayRun(program: string): Promise<boolean> {
  return access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
}
