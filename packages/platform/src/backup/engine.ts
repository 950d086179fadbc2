// Which PostgreSQL does the recovering: the declared one, run as it must be run on this machine.
import { reachableBinaries } from '../postgres/place.ts';
import { findRunAs } from '../postgres/run-as.ts';
import type { RecoveryEngine } from './recovery.ts';

/** `bin` of the declaration, else the build from npm. Throws HALE_PLATFORM_POSTGRES_MISSING, _BROKEN, _BIN, _ROOT. */
export async function findEngine(bin?: string): Promise<RecoveryEngine> {
  const runAs = await findRunAs();
  const { postgres, version } = await reachableBinaries(runAs, bin);
  return { postgres, runAs, major: Number(version.split('.')[0]) };
}
