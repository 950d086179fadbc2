// The catalogue of the vault: every backup with what is known about it, read from its packing list and the report of its last drill.
import { isHaleError } from '@hale/base';
import { listAll } from '@hale/ports';
import { isDamage } from './errors.ts';
import { type BackupManifest, versionWords } from './manifest.ts';
import { listBackupIds, readCluster, readManifest, readSealed, type Vault } from './vault.ts';

/** What a restore drill found; it lies in the store beside the backup. */
export interface Proof {
  readonly backup: string;
  /** Unix ms. */
  readonly at: number;
  readonly ok: boolean;
  readonly problems: readonly string[];
  /** From the order to a database that answers. */
  readonly rtoMs: number;
  /** How much older than the drill the newest thing is that came back; undefined when nothing came back. */
  readonly rpoMs: number | undefined;
  readonly completeUntil: number | undefined;
  readonly bytes: number;
  readonly tables: readonly { readonly database: string; readonly table: string; readonly rows: number }[];
  readonly indexesChecked: number;
}

export interface CatalogueEntry {
  readonly id: string;
  readonly endedAt: number;
  readonly bytes: number;
  readonly newBytes: number;
  readonly version: string;
  readonly timeline: number;
  readonly proof: Proof | undefined;
  /** Why its packing list cannot be read; '' when it can. */
  readonly damage: string;
}

/** Oldest first. Throws HALE_PLATFORM_BACKUP_NONE, _KEY_*. */
export async function readCatalogue(vault: Vault): Promise<readonly CatalogueEntry[]> {
  const cluster = await readCluster(vault);
  const entries: CatalogueEntry[] = [];
  for (const id of await listBackupIds(vault)) {
    const proof = await lastProof(vault, id);
    try {
      entries.push(describe(await readManifest(vault, id, cluster), proof));
    } catch (error) {
      // Taken away by a clean-up since it was listed.
      if (isHaleError(error) && error.code === 'HALE_PLATFORM_BACKUP_UNKNOWN') continue;
      if (!isDamage(error)) throw error;
      const nothing = { endedAt: 0, bytes: 0, newBytes: 0, version: '', timeline: 0 };
      entries.push({ id, ...nothing, proof, damage: (error as Error).message });
    }
  }
  return entries;
}

function describe(manifest: BackupManifest, proof: Proof | undefined): CatalogueEntry {
  const { id, endedAt, bytes, newBytes, timeline } = manifest;
  return { id, endedAt, bytes, newBytes, timeline, version: versionWords(manifest.versionNumber), proof, damage: '' };
}

/** The newest report that can be read. */
async function lastProof(vault: Vault, id: string): Promise<Proof | undefined> {
  const keys: string[] = [];
  for await (const { key } of listAll(vault.store, `proof/${id}/`)) keys.push(key);
  const last = keys.sort().at(-1);
  if (last === undefined) return undefined;
  try {
    const opened = await readSealed(vault, last);
    return opened && (JSON.parse(opened.content.toString()) as Proof);
  } catch (error) {
    if (isDamage(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
