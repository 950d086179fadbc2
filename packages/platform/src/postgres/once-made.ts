// That a database was made here once, noted outside of its data: a disk that is not mounted, or a folder that somebody took away, must not
// look like a first start. An empty database in its place would answer every question, and hide the loss.
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { postgresError } from './errors.ts';

/** The note, below the root of the system. */
export function onceMadeFile(root: string, unit: string): string {
  return join(root, '.hale', 'databases', unit);
}

/** Throws HALE_PLATFORM_POSTGRES_NO_DATA where there was a database once, and `pgdata` holds none. */
export async function assertNotGone(note: string, pgdata: string): Promise<void> {
  // Files without a version are damaged, and that is said elsewhere.
  const isEmpty = await readdir(pgdata).then(
    (names) => names.length === 0,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
  if (!isEmpty || !(await exists(note))) return;
  throw postgresError(
    'HALE_PLATFORM_POSTGRES_NO_DATA',
    `there was a database in ${pgdata}, and there is none now; to begin with an empty one: rm ${note}`,
  );
}

export async function noteMade(note: string): Promise<void> {
  if (await exists(note)) return;
  await mkdir(dirname(note), { recursive: true, mode: 0o700 });
  await writeFile(note, 'A database was made here: see the folder data beside this one.\n', { mode: 0o600 });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
