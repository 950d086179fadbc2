// Where backups of one database are restored to be looked at. What a killed process left there, a server that still runs included, is
// taken away before anything new begins: nobody else uses this folder.
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { clearStrays } from '../../postgres/strays.ts';

/** Gives `folder`, empty. */
export async function openScratch(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  // Whoever the server runs as must get through, and sees nothing.
  await chmod(folder, 0o711);
  await sweepScratch(folder);
  return folder;
}

export async function sweepScratch(folder: string): Promise<void> {
  for (const room of await readdir(folder).catch(() => [])) {
    for (const data of await readdir(join(folder, room)).catch(() => [])) await clearStrays(join(folder, room, data));
    await rm(join(folder, room), { recursive: true, force: true, maxRetries: 10 });
  }
}
