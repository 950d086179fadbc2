// Which PostgreSQL does the recovering: the one that npm installed, run as it must be run on this machine.
import { reachableBinaries } from '../postgres/place.ts';
import { findRunAs } from '../postgres/run-as.ts';
import type { RecoveryEngine } from './recovery.ts';

/** Throws HALE_PLATFORM_POSTGRES_MISSING, _BROKEN, _ROOT. */
export async function findEngine(): Promise<RecoveryEngine> {
  const runAs = await findRunAs();
  const { postgres, version } = await reachableBinaries(runAs);
  return { postgres, runAs, major: Number(version.split('.')[0]) };
}
