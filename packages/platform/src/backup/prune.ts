// The clean-up: takes away backups that need not stay, then the chunks that no remaining one leans on, then the log that none of them
// needs. It works alone (see marks.ts), and in this order, so that whoever kills it in the middle loses nothing but tidiness.
import type { Clock } from '@hale/base';
import { listAll, type StoredObject } from '@hale/ports';
import { readCatalogue } from './catalogue.ts';
import { backupError } from './errors.ts';
import type { BackupManifest } from './manifest.ts';
import { makeMarkName, withMark } from './marks.ts';
import { tipOf } from './restore-plan.ts';
import { chooseRetention, type Retention } from './retention.ts';
import { type Cluster, manifestKey, readCluster, readManifest, type Vault } from './vault.ts';
import { parseLsn, segmentNumber } from './wal-name.ts';
import { listWal, readHistories } from './wal-shelf.ts';

export interface PruneOrder {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly retention: Retention;
  /** Only say what would be taken away. */
  readonly dry?: boolean;
  /** Pass over the signs of backups that were killed. */
  readonly force?: boolean;
}

export interface Pruned {
  readonly kept: readonly string[];
  readonly dropped: readonly string[];
  readonly objects: number;
  readonly bytes: number;
}

/** Throws HALE_PLATFORM_BACKUP_BUSY, _NONE, _KEY_*, _DAMAGED (a packing list that cannot be read: nobody knows what it needs). */
export async function prune(order: PruneOrder): Promise<Pruned> {
  const { vault, clock, force = false } = order;
  const name = makeMarkName(clock);
  return withMark(vault, { kind: 'prune', name, clock, force }, async () => {
    // The store's clock is asked by our own sign: a machine whose clock is a year ahead must not find everything old.
    const { storedAt = clock.wall() } = (await vault.store.head(`running/prune-${name}`)) ?? {};
    return cleanUp(order, { own: clock.wall(), store: storedAt });
  });
}

/** A chunk that no list names may belong to one that is still on its way, of a backup whose process was killed: so long it stays. */
const strayMs = 3_600_000;

async function cleanUp(
  { vault, retention, dry = false }: PruneOrder,
  now: { readonly own: number; readonly store: number },
): Promise<Pruned> {
  const cluster = await readCluster(vault);
  const entries = await readCatalogue(vault);
  const damaged = entries.find(({ damage }) => damage !== '');
  if (damaged !== undefined) {
    throw backupError(
      'HALE_PLATFORM_BACKUP_DAMAGED',
      `nothing was taken away: what ${damaged.id} needs is unknown; ${damaged.damage}`,
    );
  }
  const shelved = entries.map(({ id, endedAt, proof }) => ({ id, endedAt, proven: proof?.ok === true }));
  const chosen = chooseRetention(shelved, retention, Math.min(now.own, now.store));
  const manifests: BackupManifest[] = [];
  for (const id of chosen.keep) manifests.push(await readManifest(vault, id, cluster));
  const beginning = await beginningOfTip(vault, cluster, { kept: manifests, dropped: chosen.drop });
  if (beginning !== undefined) manifests.push(beginning);
  const keep = manifests.map(({ id }) => id);
  const drop = chosen.drop.filter((id) => id !== beginning?.id);
  const chunksOf = (some: readonly BackupManifest[]) => some.flatMap(({ chunks }) => chunks.map(({ key }) => key));
  const needed = new Set(chunksOf(manifests));
  const named = new Set<string>();
  for (const id of drop) for (const key of chunksOf([await readManifest(vault, id, cluster)])) named.add(key);
  const counted = { objects: 0, bytes: 0 };
  const take = async (object: Pick<StoredObject, 'key' | 'size'>): Promise<void> => {
    if (!dry) await vault.store.delete(object.key);
    counted.objects++;
    counted.bytes += object.size;
  };
  // The packing list first: a backup without it is none, and cannot be half.
  for (const id of drop)
    await take({ key: manifestKey(id), size: (await vault.store.head(manifestKey(id)))?.size ?? 0 });
  await sweep(vault, 'proof/', ({ key }) => !keep.includes(key.split('/')[1] ?? ''), take);
  const isStray = ({ key, storedAt }: StoredObject) => named.has(key) || now.store - storedAt > strayMs;
  await sweep(vault, 'chunk/', (object) => !needed.has(object.key) && isStray(object), take);
  const unneeded = await unneededLog(vault, cluster, manifests);
  await sweep(vault, 'wal/', ({ key }) => unneeded.has(key), take);
  return { kept: keep, dropped: drop, ...counted };
}

/**
 * Where the database was brought back to an earlier moment, what it has written since can be reached from an older backup only, until
 * there is a younger one.
 */
async function beginningOfTip(
  vault: Vault,
  cluster: Cluster,
  { kept, dropped }: { readonly kept: readonly BackupManifest[]; readonly dropped: readonly string[] },
): Promise<BackupManifest | undefined> {
  const { ancestors } = await readHistories(vault);
  let reached = Math.max(...kept.map((manifest) => tipOf(manifest, ancestors)));
  let best: BackupManifest | undefined;
  for (const id of dropped) {
    if (reached >= Math.max(...ancestors.keys())) break;
    const manifest = await readManifest(vault, id, cluster);
    if (tipOf(manifest, ancestors) <= reached) continue;
    reached = tipOf(manifest, ancestors);
    best = manifest;
  }
  return best;
}

async function sweep(
  vault: Vault,
  prefix: string,
  goes: (object: StoredObject) => boolean,
  take: (object: StoredObject) => Promise<void>,
): Promise<void> {
  const going: StoredObject[] = [];
  for await (const object of listAll(vault.store, prefix)) if (goes(object)) going.push(object);
  for (const object of going) await take(object);
}

/** Places only grow, whatever the timeline: what lies before the first place that any kept backup begins at is needed by none. */
async function unneededLog(
  vault: Vault,
  cluster: Cluster,
  kept: readonly BackupManifest[],
): Promise<ReadonlySet<string>> {
  const starts = kept.map(({ startLsn }) => segmentNumber(parseLsn(startLsn), cluster.segmentBytes));
  const first = starts.reduce((least, one) => (one < least ? one : least), starts[0] ?? 0n);
  const pieces = await listWal(vault, cluster.segmentBytes);
  return new Set(pieces.filter(({ segment }) => segment.number < first).map(({ key }) => key));
}
