// Does a way lead from the last backup to where the database is now? The one who saw the log break may have been killed before a new backup
// mended it, and who brought the database back to an earlier moment was another program. Both can be seen in the store.
import type { Clock } from '@hale/base';
import { isDamage } from '../errors.ts';
import { startOf } from '../manifest.ts';
import { knownBackups, tipOf } from '../restore-plan.ts';
import { chooseBackups } from '../target.ts';
import { wayTo } from '../timeline.ts';
import { readCluster, readManifest, type Vault } from '../vault.ts';
import { lookAtWal } from '../wal-look.ts';
import { readHistories } from '../wal-shelf.ts';

export interface Whereabouts {
  /** On which the database writes, and of which the store has everything there was a moment ago. */
  readonly timeline: number;
  readonly clock: Clock;
}

/** True also where there is no backup yet. Throws HALE_PLATFORM_BACKUP_UNKNOWN where it was taken away just now, _KEY_*, _STORE_*. */
export async function leadsOn(vault: Vault, { timeline, clock }: Whereabouts): Promise<boolean> {
  const known = await knownBackups(vault);
  const [newest] = known.length === 0 ? [] : chooseBackups(known, { kind: 'latest' });
  if (newest === undefined) return true;
  const cluster = await readCluster(vault);
  const manifest = await readManifest(vault, newest.id, cluster).catch((error: unknown) => {
    if (isDamage(error)) return undefined;
    throw error;
  });
  if (manifest === undefined) return false;
  const { ancestors } = await readHistories(vault);
  if (tipOf(manifest, ancestors) !== timeline) return false;
  const way = wayTo(timeline, ancestors, startOf(manifest)) ?? [];
  return (await lookAtWal(vault, way, { segmentBytes: cluster.segmentBytes, clock })).hole === undefined;
}
