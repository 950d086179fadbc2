// Where things lie when root hands the engine to an unprivileged user: `.hale` is closed to everybody else, so data (and, if need
// be, program) live below /var/lib/hale, where that user can reach them, and a link in `.hale/data` leads there. An ordinary
// user, or root in a namespace, keeps everything in `.hale`.
import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, realpath, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { copyBinaries, findBinaries, type PostgresBinaries } from './binaries.ts';
import { postgresError } from './errors.ts';
import { ownBinaries } from './own-server.ts';
import { blockedAt, type RunAs } from './run-as.ts';

const sharedFolder = '/var/lib/hale';

/** Binaries that `runAs` can run: of the folder `bin`, else where npm put them, or a copy. Throws HALE_PLATFORM_POSTGRES_BIN besides. */
export async function reachableBinaries(runAs: RunAs, bin?: string): Promise<PostgresBinaries> {
  if (bin !== undefined) return reachableOwn(runAs, bin);
  const copies = process.getuid?.() === 0 ? join(sharedFolder, 'engines') : join(homedir(), '.cache', 'hale');
  const binaries = await findBinaries(copies);
  const blocked = await blockedAt(runAs, binaries.postgres);
  return blocked === undefined ? binaries : copyBinaries(binaries, copies);
}

/** It belongs to the machine, with libraries and share where it was told: it is never copied. */
async function reachableOwn(runAs: RunAs, bin: string): Promise<PostgresBinaries> {
  const binaries = await ownBinaries(bin);
  const blocked = await blockedAt(runAs, binaries.postgres);
  if (blocked === undefined) return binaries;
  throw unreachable(runAs, blocked);
}

/** The real folder behind `home`; made elsewhere, with a link, when `runAs` could not reach it. Throws HALE_PLATFORM_POSTGRES_UNREACHABLE. */
export async function reachableHome(runAs: RunAs, home: string): Promise<string> {
  if (runAs.kind !== 'user') return home;
  const exists = await lstat(home).then(
    () => true,
    () => false,
  );
  if (!exists) await makeElsewhere(runAs, home);
  const real = await realpath(home);
  const blocked = await blockedAt(runAs, real);
  if (blocked === undefined) return real;
  throw unreachable(runAs, blocked);
}

function unreachable(runAs: RunAs, blocked: string): Error {
  const name = runAs.kind === 'user' ? runAs.name : 'you';
  return postgresError(
    'HALE_PLATFORM_POSTGRES_UNREACHABLE',
    `PostgreSQL would run as ${name}, who may not enter ${blocked}`,
    { details: { blocked } },
  );
}

async function makeElsewhere(runAs: RunAs & { kind: 'user' }, home: string): Promise<void> {
  await mkdir(dirname(home), { recursive: true, mode: 0o700 });
  // Named after the place that it belongs to, so that two systems never meet.
  const key = createHash('sha256').update(home).digest('hex').slice(0, 16);
  const elsewhere = join(sharedFolder, 'data', key);
  await mkdir(join(sharedFolder, 'data'), { recursive: true, mode: 0o711 });
  await mkdir(elsewhere, { recursive: true, mode: 0o700 });
  await chown(elsewhere, runAs.uid, runAs.gid);
  await symlink(elsewhere, home);
}
