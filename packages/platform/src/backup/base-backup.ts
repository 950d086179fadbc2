// Taking a copy of a running database: the server sends all its files as they are (fuzzy, while it works on), and the log from
// the beginning to the end of the sending, which makes them whole again. What comes in is cut into chunks, compared with the
// server's own packing list, and stored; the manifest goes in last, so a backup that broke off never was.
// Over the replication protocol, so it works for a server anywhere, and needs no hand on its disk.
import { createHash, type Hash, randomBytes } from 'node:crypto';
import type { Clock } from '@hale/base';
import { type ChunkShelf, openShelf } from './chunk-shelf.ts';
import { createCutter } from './cutter.ts';
import { backupError } from './errors.ts';
import { createLanes } from './lanes.ts';
import { type BackupFile, type BackupManifest, makeBackupId, type Slice } from './manifest.ts';
import { withMark } from './marks.ts';
import { connectReplication, type ReplicationConnection } from './replication-connection.ts';
import { compare, parseServerManifest } from './server-manifest.ts';
import { askSource, askState, placeIn, type SourceFacts } from './source.ts';
import { createTarReader, type TarEntry, type TarSink } from './tar-reader.ts';
import { claimVault, manifestKey, putSealed, type Vault } from './vault.ts';
import { parseSegment } from './wal-name.ts';
import { putHistory, putSegment } from './wal-shelf.ts';

export interface BackupProgress {
  readonly bytesDone: number;
  /** What the server expects; a little less or more may come. 0: it did not say. */
  readonly bytesTotal: number;
}

export interface BackupOrder {
  /** postgres://user:password@host:port/database; the user may replicate and connect. */
  readonly url: string;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly label?: string;
  readonly onProgress?: (progress: BackupProgress) => void;
}

const lanesCount = 3;

/**
 * Takes a backup now and gives its manifest. Throws HALE_PLATFORM_BACKUP_SOURCE, _SOURCE_VERSION, _TABLESPACES, _FOREIGN, _KEY_*,
 * _BUSY, _DAMAGED (what came in is not what was sent), HALE_PLATFORM_STORE_*.
 */
export async function takeBackup(order: BackupOrder): Promise<BackupManifest> {
  const line = await connectReplication(order.url, 'hale backup');
  try {
    const facts = await askSource(line);
    await claimVault(order.vault, facts);
    const id = makeBackupId(order.clock.wall(), randomBytes(3).toString('hex'));
    return await withMark(order.vault, { kind: 'backup', name: id, clock: order.clock }, () =>
      receive(line, facts, id, order),
    );
  } finally {
    await line.close();
  }
}

async function receive(
  line: ReplicationConnection,
  facts: SourceFacts,
  id: string,
  { url, vault, clock, label = id, onProgress = () => {} }: BackupOrder,
): Promise<BackupManifest> {
  const startedAt = clock.wall();
  const shelf = await openShelf(vault);
  const before = await askState(url);
  const intake = createIntake(shelf, vault, facts, before.now);
  const stream = line.copy(
    `BASE_BACKUP (LABEL '${label.replaceAll("'", "''")}', CHECKPOINT 'fast', WAL true, WAIT true, PROGRESS true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')`,
  );
  for await (const message of stream) {
    const kind = String.fromCharCode(message[0] ?? 0);
    if (kind === 'n') intake.archive(message.subarray(1));
    else if (kind === 'd') await intake.data(message.subarray(1));
    else if (kind === 'm') intake.manifest();
    else if (kind === 'p') onProgress({ bytesDone: intake.bytes(), bytesTotal: before.bytes });
  }
  const results = await stream.results;
  const places = results.map(placeIn).filter((place) => place !== undefined);
  const [start, stop] = [places[0], places.at(-1)];
  if (start === undefined || stop === undefined || places.length < 2) {
    throw backupError('HALE_PLATFORM_BACKUP_SOURCE', 'the server did not say where the backup begins and ends');
  }
  const { files, folders } = await intake.finish();
  const endedAt = Math.ceil((await askState(url)).now);
  const chunks = await shelf.finish();
  const manifest: BackupManifest = {
    ...{ format: 1, id, label, startedAt, endedAt, timeline: start.timeline, startLsn: start.lsn, stopLsn: stop.lsn },
    systemIdentifier: facts.systemIdentifier,
    versionNumber: facts.versionNumber,
    segmentBytes: facts.segmentBytes,
    dataChecksums: facts.dataChecksums,
    ...{ folders, files, chunks, bytes: files.reduce((sum, { size }) => sum + size, 0), newBytes: shelf.newBytes() },
  };
  await putSealed(vault, manifestKey(id), { content: Buffer.from(JSON.stringify(manifest)), stamp: endedAt });
  return manifest;
}

interface Intake {
  archive(head: Buffer): void;
  data(bytes: Buffer): Promise<void>;
  manifest(): void;
  bytes(): number;
  finish(): Promise<{ readonly files: readonly BackupFile[]; readonly folders: readonly string[] }>;
}

/** Sorts what comes in: files to the shelf of chunks, the log to its own place, the server's list to the end. */
function createIntake(shelf: ChunkShelf, vault: Vault, facts: SourceFacts, stamp: number): Intake {
  const files: BackupFile[] = [];
  const folders: string[] = [];
  const list: Buffer[] = [];
  const lanes = createLanes(lanesCount);
  const cutter = createCutter((index, content) => lanes.run(() => shelf.put(index, content)));
  let listing = false;
  let bytes = 0;
  const sinks = createSinks({
    files,
    folders,
    cutter,
    log: (path, content) => lanes.run(() => keepLog(path, content)),
  });
  const keepLog = async (path: string, content: Buffer): Promise<void> => {
    const name = path.slice('pg_wal/'.length);
    const segment = parseSegment(name, facts.segmentBytes);
    if (segment !== undefined) await putSegment(vault, { segment, content, stamp, segmentBytes: facts.segmentBytes });
    else if (/^[0-9A-F]{8}\.history$/.test(name))
      await putHistory(vault, Number.parseInt(name.slice(0, 8), 16), content);
  };
  let tar = createTarReader(sinks);
  return {
    archive(head) {
      const name = head.toString('utf8', 0, head.indexOf(0));
      // One archive is the data folder; each further one a tablespace, named after its number.
      if (name !== 'base.tar') {
        throw backupError('HALE_PLATFORM_BACKUP_TABLESPACES', `the database uses a tablespace of its own (${name})`);
      }
      tar = createTarReader(sinks);
    },
    async data(piece) {
      bytes += piece.length;
      if (listing) list.push(piece);
      else await tar.write(piece);
    },
    manifest() {
      tar.finish();
      listing = true;
    },
    bytes: () => bytes,
    async finish() {
      await cutter.finish();
      await lanes.drain();
      const problems = compare(parseServerManifest(Buffer.concat(list).toString()), files);
      if (problems.length === 0) return { files, folders };
      const words = `${problems.slice(0, 3).join('; ')}${problems.length > 3 ? ` and ${problems.length - 3} more` : ''}`;
      throw backupError(
        'HALE_PLATFORM_BACKUP_DAMAGED',
        `the copy is not what the server sent: ${words}; it was not kept`,
      );
    },
  };
}

interface Places {
  readonly files: BackupFile[];
  readonly folders: string[];
  readonly cutter: ReturnType<typeof createCutter>;
  log(path: string, content: Buffer): Promise<void>;
}

function createSinks({ files, folders, cutter, log }: Places): TarSink {
  let open: (TarEntry & { kind: 'file' }) | undefined;
  let hash: Hash = createHash('sha256');
  let logParts: Buffer[] | undefined;
  return {
    entry(entry) {
      if (entry.kind === 'link') {
        throw backupError(
          'HALE_PLATFORM_BACKUP_TABLESPACES',
          `the data folder holds a link (${entry.path} -> ${entry.to})`,
        );
      }
      if (entry.kind === 'folder') {
        folders.push(entry.path);
        return;
      }
      open = entry;
      hash = createHash('sha256');
      logParts = entry.path.startsWith('pg_wal/') ? [] : undefined;
      if (logParts === undefined) cutter.begin(entry.size);
    },
    async data(piece) {
      if (logParts !== undefined) {
        logParts.push(piece);
        return;
      }
      hash.update(piece);
      await cutter.data(piece);
    },
    async end() {
      if (open === undefined) return;
      const { path, size } = open;
      if (logParts !== undefined) {
        await log(path, Buffer.concat(logParts));
        return;
      }
      const slices: readonly Slice[] = await cutter.end();
      files.push({ path, size, sha256: hash.digest('hex'), slices });
    },
  };
}
