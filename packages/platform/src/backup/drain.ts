// After the fire: what the receiver had flushed to its spool and the store does not have yet is put there, without any database. A
// restore is the better for it, and a commit that a synchronous receiver had acknowledged is in it for certain.
import { openSpool } from './spool.ts';
import { readSpoolOwner } from './spool-folder.ts';
import type { Vault } from './vault.ts';
import { createUploader } from './wal-uploader.ts';

/** Gives the bytes that were still to be stored; 0 where there is no spool. No receiver may be running on it. Throws HALE_PLATFORM_BACKUP_*, _STORE_*. */
export async function drainSpool(vault: Vault, folder: string): Promise<number> {
  const owner = readSpoolOwner(folder);
  if (owner === undefined) return 0;
  const spool = openSpool(folder, owner);
  const uploader = createUploader(vault, spool);
  const before = uploader.lagBytes();
  await uploader.round(undefined);
  spool.close();
  return before;
}
