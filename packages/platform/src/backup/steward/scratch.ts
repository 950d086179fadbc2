// Where backups of one database are restored to be looked at. What a killed process left there, a server that still runs included, is
// taken away before anything new begins: nobody else uses this folder.
import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { clearStrays } from '../../postgres/strays.ts';
import { backupError } from '../errors.ts';

/** Gives `folder`, empty. Throws HALE_PLATFORM_BACKUP_NOT_EMPTY where somebody else made it: the place is open to everybody. */
export async function openScratch(folder: string): Promise<string> {
  const found = await lstat(folder).catch(() => undefined);
  if (found !== undefined && !(found.isDirectory() && found.uid === process.getuid?.()))
    throw backupError('HALE_PLATFORM_BACKUP_NOT_EMPTY', `${folder} is somebody else's: nothing is restored there`);
  await sweepScratch(folder);
  await mkdir(folder, { recursive: true, mode: 0o711 });
  // Whoever the server runs as must get through, and sees nothing.
  await chmod(folder, 0o711);
  return folder;
}

/** Afterwards it is not there. */
export async function sweepScratch(folder: string): Promise<void> {
  for (const room of await readdir(folder).catch(() => [])) {
    for (const data of await readdir(join(folder, room)).catch(() => [])) await clearStrays(join(folder, room, data));
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
