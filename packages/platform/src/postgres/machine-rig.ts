// For tests: servers for `postgres({ bin })`. The one that this machine's own package manager installed (the newest of those that Hale knows), and
// one of each major version: the machine's, else the build that .ci/postgres names, which `npm install` there brings. Tests that need one are
// skipped by name where there is none; in CI nothing may be skipped.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBinaries, mendBinaries } from './binaries.ts';

/** Debian and Ubuntu; then Fedora and its kin, with the packages of PostgreSQL itself. */
const placesOf = (major: number) => [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`];
const isThere = (bin: string) => existsSync(`${bin}/initdb`);
const mustBeReal = process.env['HALE_REQUIRE_REAL'] === '1';

export const machineBin = [18, 17, 16, 15].flatMap(placesOf).find(isThere) ?? '/usr/lib/postgresql/15/bin';

/** False, or why a test that needs it is skipped. */
export const skipWithoutMachineServer: string | false =
  isThere(machineBin) || mustBeReal ? false : 'no PostgreSQL 15 to 18 of the machine: apt-get install postgresql';

export interface MachineServer {
  readonly major: number;
  readonly bin: string;
  /** False, or why its tests are skipped. */
  readonly skip: string | false;
}

const trials = fileURLToPath(new URL('../../../../.ci/postgres/node_modules/', import.meta.url));

/** Of 15 to 18 one each, oldest first. */
export async function machineServers(): Promise<readonly MachineServer[]> {
  return Promise.all([15, 16, 17, 18].map(serverOf));
}

async function serverOf(major: number): Promise<MachineServer> {
  const bin = placesOf(major).find(isThere) ?? (await builtFor(major));
  if (bin !== undefined) return { major, bin, skip: false };
  const skip = mustBeReal ? false : `no PostgreSQL ${major}: cd .ci/postgres && npm install`;
  return { major, bin: `/usr/lib/postgresql/${major}/bin`, skip };
}

/** Links are what an install without scripts leaves out, as in the build that Hale itself takes from npm. */
async function builtFor(major: number): Promise<string | undefined> {
  const folder = join(trials, `postgres-${major}-${process.arch}`);
  const found = await (major === 18 ? findBinaries(trials) : mendBinaries(folder, trials)).catch(() => undefined);
  return found !== undefined && Number.parseInt(found.version, 10) === major ? join(found.native, 'bin') : undefined;
}
