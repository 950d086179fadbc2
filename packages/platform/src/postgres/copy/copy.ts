// The scrivener: makes a data folder equal to a base backup of a running server, over ordinary SQL connections, and copies only
// what differs. The same for a fresh standby (everything differs), for a copy that broke off, and for an old primary that went
// astray (a little differs). It reads no WAL and trusts no time stamp: bytes are compared by their sums. The steps and why they
// are safe: docs/decisions/0010-delta-copy.md. It starts nothing, and writes nothing at the source.
import type pg from 'pg';
import { postgresError } from '../errors.ts';
import { type Bench, clearAway, makeFolders, type Owner, syncAll } from './local.ts';
import { isSafePath, keepPaths } from './skip.ts';
import {
  type CopySource,
  connectSource,
  examineSource,
  hasWalSegment,
  type Listing,
  listFiles,
  readControl,
  sourceError,
  startBackup,
  stopBackup,
} from './source.ts';
import { beginCopy, endCopy } from './target.ts';
import { transferFiles } from './transfer.ts';

export interface CopyOptions {
  /** Who shall own the files; as the process makes them when left out. */
  readonly owner?: Owner;
  readonly onProgress?: (progress: { readonly bytesDone: number; readonly bytesTotal: number }) => void;
  /** Breaks the copy off; the folder stays marked as half copied. */
  readonly signal?: AbortSignal;
  /** How much is compared at once, a multiple of 8192; 1 MiB when left out. */
  readonly chunkBytes?: number;
}

export interface CopyResult {
  readonly files: number;
  readonly bytesTotal: number;
  /** Contents that were fetched. The sums that were compared are not counted: 32 bytes a piece, 4 kB more for one that differs. */
  readonly bytesCopied: number;
  /** Where replay begins: the source must still have this WAL when the copy starts to follow it. */
  readonly startLsn: string;
  /** The copy is consistent once it has replayed to here. */
  readonly stopLsn: string;
  readonly timeline: number;
  readonly systemIdentifier: string;
}

const chunkBytesDefault = 1024 * 1024;
const workers = 2;

/**
 * Makes `pgdata` (which may be empty, missing, half copied, or an older or diverged copy of the same system) equal to a base
 * backup of the server that runs at `source`, a primary or a standby. Everything in `pgdata` that the source does not have is
 * deleted, WAL included; configuration files are copied like the rest. Make a replication slot at the source first, or the WAL
 * from `startLsn` on may be gone before the copy asks for it. Afterwards write standby.signal and primary_conninfo, and start.
 *
 * Throws HALE_PLATFORM_POSTGRES_COPY_* and _DISK_FULL; run again, it goes on where it broke off.
 */
export async function copyCluster(source: CopySource, pgdata: string, options: CopyOptions = {}): Promise<CopyResult> {
  const { signal, chunkBytes = chunkBytesDefault } = options;
  if (!(chunkBytes >= 8192 && chunkBytes % 8192 === 0)) throw new TypeError('chunkBytes must be a multiple of 8192');
  const clients: pg.Client[] = [];
  const connect = async () => {
    signal?.throwIfAborted();
    const client = await connectSource(source, signal);
    clients.push(client);
    return client;
  };
  try {
    // The first session holds the backup, and must live throughout; the others read.
    const keeper = await connect();
    const readers: pg.Client[] = [];
    for (let i = 0; i < workers; i++) readers.push(await connect());
    return await copyOver({ keeper, readers }, { pgdata, owner: options.owner }, { ...options, chunkBytes });
  } catch (error) {
    throw explained(error, pgdata, signal);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}

interface Sessions {
  readonly keeper: pg.Client;
  readonly readers: readonly pg.Client[];
}

async function copyOver(
  { keeper, readers }: Sessions,
  bench: Bench,
  options: CopyOptions & { readonly chunkBytes: number },
): Promise<CopyResult> {
  const { signal, chunkBytes, onProgress } = options;
  const systemIdentifier = await examineSource(keeper);
  await beginCopy(bench, systemIdentifier);
  const startLsn = await startBackup(keeper);
  const listing = await listed(keeper);
  const files = listing.files.map(({ path }) => path);
  await clearAway(bench, { files: new Set(files), folders: new Set(listing.folders) });
  await makeFolders(bench, listing.folders);

  const bytesTotal = listing.files.reduce((sum, { size }) => sum + size, 0);
  let bytesDone = 0;
  let bytesCopied = 0;
  await transferFiles(readers, listing.files, {
    bench,
    chunkBytes,
    stopped: () => signal?.throwIfAborted(),
    onPiece(length, copied) {
      bytesDone += length;
      bytesCopied += copied;
      onProgress?.({ bytesDone, bytesTotal });
    },
  });
  const control = await readControl(keeper);
  const { lsn: stopLsn, label } = await stopBackup(keeper);
  const { timeline, walSegment } = readLabel(label);
  await assertWalIsThere(keeper, startLsn, walSegment);
  await syncAll(bench, files, listing.folders);
  signal?.throwIfAborted();
  await endCopy(bench, label, control);
  return {
    ...{ files: files.length + 1, bytesTotal: bytesTotal + control.length, bytesCopied: bytesCopied + control.length },
    ...{ startLsn, stopLsn, timeline, systemIdentifier },
  };
}

async function listed(client: pg.Client): Promise<Listing> {
  const { files, folders } = await listFiles(client);
  for (const path of [...folders, ...files.map((file) => file.path)]) {
    if (!isSafePath(path)) throw sourceError(`the source lists a path that leads out of its folder: ${path}`);
  }
  const kept = new Set(keepPaths(files.map(({ path }) => path)));
  const keptFolders = new Set(keepPaths(folders));
  return {
    files: files.filter(({ path }) => kept.has(path)),
    folders: folders.filter((path) => keptFolders.has(path)),
  };
}

/** What the label says in its lines `START WAL LOCATION: 0/2000028 (file 000000010000000000000002)` and `START TIMELINE: 1`. */
export function readLabel(label: string): { readonly timeline: number; readonly walSegment: string } {
  const walSegment = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$/m.exec(label)?.[1];
  const timeline = /^START TIMELINE: (\d+)$/m.exec(label)?.[1];
  if (walSegment === undefined || timeline === undefined)
    throw sourceError(`the source wrote a strange label: ${label}`);
  return { timeline: Number(timeline), walSegment };
}

async function assertWalIsThere(client: pg.Client, startLsn: string, segment: string): Promise<void> {
  if (await hasWalSegment(client, segment)) return;
  throw postgresError(
    'HALE_PLATFORM_POSTGRES_COPY_WAL_GONE',
    `the source has recycled the WAL from ${startLsn} (${segment}) while it was copied: no standby could begin there`,
    { retriable: true },
  );
}

function explained(error: unknown, pgdata: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) {
    return postgresError('HALE_PLATFORM_POSTGRES_COPY_ABORTED', `the copy into ${pgdata} was broken off`, {
      cause: error,
      retriable: true,
    });
  }
  const { code } = error as { code?: unknown };
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return postgresError('HALE_PLATFORM_POSTGRES_DISK_FULL', `the disk is full: the copy into ${pgdata} is half made`, {
    cause: error,
    retriable: true,
  });
}
