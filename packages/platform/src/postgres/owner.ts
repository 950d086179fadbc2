// Whose the data folder is. PostgreSQL refuses one that is somebody else's, or open to others, with a line in its log and an exit that
// looks like any crash; a folder that was copied about as root is the usual cause. Here it is said before anything is started.
import { stat } from 'node:fs/promises';
import { postgresError } from './errors.ts';
import type { RunAs } from './run-as.ts';

/** Does nothing where there is no folder. Throws HALE_PLATFORM_POSTGRES_OWNER. */
export async function assertOwned(pgdata: string, runAs: RunAs): Promise<void> {
  const found = await stat(pgdata).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const wanted = runAs.kind === 'user' ? runAs.uid : process.geteuid?.();
  if (found === undefined || wanted === undefined) return;
  const hint = (command: string) => ({ details: { command } });
  if (found.uid !== wanted)
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_OWNER',
      `${pgdata} belongs to user ${found.uid}, and PostgreSQL would run as ${wanted}: chown -R ${wanted} ${pgdata}`,
      hint(`chown -R ${wanted} ${pgdata}`),
    );
  if ((found.mode & 0o027) !== 0)
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_OWNER',
      `${pgdata} is open to other users (mode ${(found.mode & 0o777).toString(8)}): chmod 700 ${pgdata}`,
      hint(`chmod 700 ${pgdata}`),
    );
}
