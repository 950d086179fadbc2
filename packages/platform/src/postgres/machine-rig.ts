// For tests: the PostgreSQL that this machine's own package manager installed, the newest of those that Hale knows. Tests that
// need one are skipped by name where there is none; in CI nothing may be skipped.
import { existsSync } from 'node:fs';

/** Debian and Ubuntu; then Fedora and its kin, with the packages of PostgreSQL itself. */
const places = [18, 17, 16, 15].flatMap((major) => [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`]);

export const machineBin = places.find((bin) => existsSync(`${bin}/initdb`)) ?? '/usr/lib/postgresql/15/bin';

/** False, or why a test that needs it is skipped. */
export const skipWithoutMachineServer: string | false =
  existsSync(machineBin) || process.env['HALE_REQUIRE_REAL'] === '1'
    ? false
    : 'no PostgreSQL 15 to 18 of the machine: apt-get install postgresql';
