// A release is in force: its house goes to every store that the databases are backed up to, so that what can be restored can also be
// started. A store that does not take it holds nothing up; that is said, and `hale dr status` says it until it is so.
import { isHaleError } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { type Host, pause } from '../host.ts';
import { databasesByStore } from './facts.ts';
import { takeHouseOf } from './house.ts';

const patienceMs = 10_000;

/** Gives a line for each store that has not got it; throws nothing. */
export async function keepHouse(host: Host, spec: SystemSpec, config: string | undefined): Promise<readonly string[]> {
  const late = new AbortController();
  const lines: string[] = [];
  for (const database of databasesByStore(spec)) {
    const taken = takeHouseOf(host, { spec, database, config }).then(
      () => '',
      (error: unknown) => (isHaleError(error) ? `${error.message} (${error.hint})` : String(error)),
    );
    const waited = pause(host.clock, patienceMs, late.signal).then(() => 'the store takes too long');
    const words = await Promise.race([taken, waited]);
    if (words !== '') lines.push(`declaration and programs are not with the backups of ${database}: ${words}`);
  }
  late.abort();
  return lines;
}
