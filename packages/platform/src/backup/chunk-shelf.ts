// The shelf of boxes: puts each chunk of a backup into the store under the name of its content, and only once. A chunk that lies
// there already is not sent again, unless it lies there empty, or was found damaged: then it is stored anew beside the old one.
import { listAll } from '@hale/ports';
import { envelopeHeadBytes } from './envelope.ts';
import { backupError } from './errors.ts';
import type { BackupChunk } from './manifest.ts';
import { chunkIdOf, chunkKey, type Vault } from './vault.ts';

export interface ChunkShelf {
  put(index: number, content: Buffer): Promise<void>;
  /** Bytes that had to be stored. */
  newBytes(): number;
  /** All chunks in order of their index. Throws HALE_PLATFORM_BACKUP_BUSY where one was taken away or found damaged meanwhile. */
  finish(): Promise<readonly BackupChunk[]>;
}

const damagedFolder = 'damaged/';
const editionsMax = 20;

export async function openShelf(vault: Vault): Promise<ChunkShelf> {
  const damaged = await damagedNames(vault);
  const chunks: BackupChunk[] = [];
  const known = new Map<string, Promise<BackupChunk>>();
  let newBytes = 0;

  const store = async (id: string, content: Buffer): Promise<BackupChunk> => {
    let sealed: Buffer | undefined;
    for (let edition = 1; edition <= editionsMax; edition++) {
      const key = chunkKey(id, edition);
      if (damaged.has(key.split('/').at(-1) ?? '')) continue;
      const there = await vault.store.head(key);
      if (there !== undefined && there.size > envelopeHeadBytes)
        return { key, size: content.length, stored: there.size };
      if (there !== undefined) continue;
      sealed ??= await vault.sealer.seal({ name: 'chunk', content });
      if ((await vault.store.putIfAbsent(key, sealed)) === 'stored') newBytes += sealed.length;
      return { key, size: content.length, stored: sealed.length };
    }
    throw backupError(
      'HALE_PLATFORM_BACKUP_DAMAGED',
      `chunk ${id} lies damaged in the store ${editionsMax} times over`,
    );
  };

  return {
    async put(index, content) {
      const id = vault.sealer.idOf(content);
      const storing = known.get(id) ?? store(id, content);
      known.set(id, storing);
      chunks[index] = await storing;
    },
    newBytes: () => newBytes,
    async finish() {
      const sizes = new Map<string, number>();
      for await (const { key, size } of listAll(vault.store, 'chunk/')) sizes.set(key, size);
      const damagedNow = await damagedNames(vault);
      const [lost] = chunks.filter(
        ({ key }) => (sizes.get(key) ?? 0) <= envelopeHeadBytes || damagedNow.has(key.split('/').at(-1) ?? ''),
      );
      if (lost === undefined) return chunks;
      // By a clean-up that was told to pass over our sign, or by the last order of one who was killed.
      const words = `${lost.key} was taken away or found damaged meanwhile: what leans on it was not kept`;
      throw backupError('HALE_PLATFORM_BACKUP_BUSY', words, { retriable: true });
    },
  };
}

async function damagedNames(vault: Vault): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const { key } of listAll(vault.store, damagedFolder)) names.add(key.slice(damagedFolder.length));
  return names;
}

/** Remembers that a chunk is damaged, so that no later backup leans on it. */
export async function markDamaged(vault: Vault, key: string): Promise<void> {
  const name = key.split('/').at(-1) ?? '';
  await vault.store.putIfAbsent(`${damagedFolder}${name}`, Buffer.from(`${chunkIdOf(key)}\n`));
}
