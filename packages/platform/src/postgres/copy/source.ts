// The lender's desk: everything that is asked of the running server, in plain SQL over ordinary connections. One session holds
// the backup open from start to stop and does nothing else; others list, hash and read files. It writes nothing there. A server
// that breaks off, or whose role may not read files, is HALE_PLATFORM_POSTGRES_COPY_SOURCE.
import type { HaleError } from '@hale/base';
import pg from 'pg';
import { hasValidCrc } from '../control-file.ts';
import { postgresError } from '../errors.ts';
import { blockBytes, type Piece, type SourceFile } from './pieces.ts';
import { rawRows } from './raw-rows.ts';
import { controlPath, emptiedFolders } from './skip.ts';

export interface CopySource {
  readonly host: string;
  readonly port: number;
  /** A superuser, or a role that may read the server's files and run the backup functions. */
  readonly user: string;
  readonly password: string;
}

export interface Listing {
  readonly folders: readonly string[];
  readonly files: readonly SourceFile[];
}

/** What was read of a piece: undefined when the file is gone, shorter than asked when it ends before. */
export type Answer = { readonly length: number; readonly bytes: Buffer } | undefined;

const versionMin = 150_000;
const controlTries = 100;
/** A read that takes longer than this has no server behind it. A checkpoint may take longer. */
const readTimeoutMs = 60_000;
const checkpointTimeoutMs = 600_000;

/** An ordinary connection with the server's clocks for idlers and slow queries switched off. */
export async function connectSource(source: CopySource, signal: AbortSignal | undefined): Promise<pg.Client> {
  const client = new pg.Client({
    ...{ host: source.host, port: source.port, user: source.user, password: source.password, database: 'postgres' },
    ...{ application_name: 'hale copy', connectionTimeoutMillis: 10_000, keepAlive: true },
    options: '-c statement_timeout=0 -c idle_session_timeout=0 -c search_path=pg_catalog -c jit=off',
  });
  // Whatever was being asked rejects by itself; a connection that breaks between two questions fails the next one.
  client.on('error', () => {});
  const leave = () =>
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  signal?.addEventListener('abort', leave, { once: true });
  client.once('end', () => signal?.removeEventListener('abort', leave));
  await told(() => client.connect());
  return client;
}

async function ask<R extends object>(client: pg.Client, text: string, values: readonly unknown[] = []): Promise<R[]> {
  const config = { text, values: [...values], query_timeout: readTimeoutMs };
  return told(async () => (await client.query<R & pg.QueryResultRow>(config)).rows);
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw sourceError(`the source broke off: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

export function sourceError(message: string, cause?: unknown): HaleError {
  return postgresError('HALE_PLATFORM_POSTGRES_COPY_SOURCE', message, { cause, retriable: true });
}

/** Whose copy it will be. Throws when the server is too old, or has tablespaces besides its own two. */
export async function examineSource(client: pg.Client): Promise<string> {
  const [row] = await ask<{ version: number; id: string; tablespaces: string | null }>(
    client,
    `select current_setting('server_version_num')::int as version, system_identifier::text as id,
       (select string_agg(spcname::text, ', ') from pg_tablespace where spcname not in ('pg_default', 'pg_global')) as tablespaces
     from pg_control_system()`,
  );
  if (row === undefined || row.version < versionMin) {
    throw sourceError(`the source is PostgreSQL ${row?.version ?? '?'}, and a copy needs 15 or later`);
  }
  if (row.tablespaces !== null) {
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_COPY_TABLESPACES',
      `the source has tablespaces besides its own two, which a copy does not hold: ${row.tablespaces}`,
    );
  }
  return BigInt.asUintN(64, BigInt(row.id)).toString();
}

/** Begins the backup with an immediate checkpoint; returns where replay starts. */
export async function startBackup(client: pg.Client): Promise<string> {
  const config = { text: `select pg_backup_start('hale copy', true)::text as lsn`, query_timeout: checkpointTimeoutMs };
  const { rows } = await told(() => client.query<{ lsn: string }>(config));
  return rows[0]!.lsn;
}

/** Ends the backup; `label` belongs into the copy as backup_label, byte for byte. Waits for no archive. */
export async function stopBackup(client: pg.Client): Promise<{ readonly lsn: string; readonly label: string }> {
  const [row] = await ask<{ lsn: string; label: string }>(
    client,
    'select lsn::text as lsn, labelfile as label from pg_backup_stop(false)',
  );
  return row!;
}

/** All files and folders below the data folder, without the contents of those that stay empty in a copy. */
export async function listFiles(client: pg.Client): Promise<Listing> {
  const rows = await ask<{ path: string; size: string; isdir: boolean }>(
    client,
    `with recursive tree(path, size, isdir) as (
       select name, stat.size, stat.isdir
       from pg_ls_dir('.', true, false) as name, pg_stat_file(name, true) as stat where stat.size is not null
       union all
       select path || '/' || name, stat.size, stat.isdir
       from tree, pg_ls_dir(path, true, false) as name, pg_stat_file(path || '/' || name, true) as stat
       where tree.isdir and path <> all ($1::text[]) and stat.size is not null
     )
     select path, size::text as size, isdir from tree`,
    [emptiedFolders],
  );
  return {
    folders: rows.filter(({ isdir }) => isdir).map(({ path }) => path),
    files: rows.filter(({ isdir }) => !isdir).map(({ path, size }) => ({ path, size: Number(size) })),
  };
}

/** The SHA-256 of each piece, as the source has it now. */
export function hashPieces(client: pg.Client, pieces: readonly Piece[]): Promise<readonly Answer[]> {
  return perPiece(client, 'sha256(bytes)', pieces);
}

/** The SHA-256 of each 8 kB block of each piece, one after the other. */
export function hashBlocks(client: pg.Client, pieces: readonly Piece[]): Promise<readonly Answer[]> {
  return perPiece(
    client,
    `(select coalesce(string_agg(sha256(substring(bytes from i * ${blockBytes} + 1 for ${blockBytes})), ''::bytea order by i), ''::bytea)
      from generate_series(0, (octet_length(bytes) - 1) / ${blockBytes}) as i)`,
    pieces,
  );
}

/** The bytes themselves. */
export function readPieces(client: pg.Client, pieces: readonly Piece[]): Promise<readonly Answer[]> {
  return perPiece(client, 'bytes', pieces);
}

async function perPiece(client: pg.Client, wanted: string, pieces: readonly Piece[]): Promise<readonly Answer[]> {
  if (pieces.length === 0) return [];
  const values = pieces.map(
    ({ path, offset, length }, i) => `(${pg.escapeLiteral(path)}, ${offset}::int8, ${length}::int8, ${i})`,
  );
  const rows = await told(() =>
    rawRows(
      client,
      `select n, octet_length(bytes), ${wanted} from (values ${values.join(', ')}) as piece(path, start, size, n),
         lateral (select pg_read_binary_file(path, start, size, true) as bytes offset 0) as read`,
      readTimeoutMs,
    ),
  );
  const answers: Answer[] = new Array(pieces.length).fill(undefined);
  for (const [n, length, bytes] of rows) {
    if (length !== undefined && bytes !== undefined)
      answers[n!.readInt32BE()] = { length: length.readInt32BE(), bytes };
  }
  return answers;
}

/** pg_control, whole: it is read until its checksum fits, because the server may be writing it. */
export async function readControl(client: pg.Client): Promise<Buffer> {
  for (let tries = 0; tries < controlTries; tries++) {
    const [answer] = await readPieces(client, [{ path: controlPath, offset: 0, length: blockBytes }]);
    if (answer !== undefined && hasValidCrc(answer.bytes)) return answer.bytes;
  }
  throw sourceError(`${controlPath} of the source was read ${controlTries} times, and its checksum never fitted`);
}

/** Is the segment in which replay starts still there? Without it no standby can begin. */
export async function hasWalSegment(client: pg.Client, name: string): Promise<boolean> {
  const [row] = await ask<{ there: boolean }>(client, 'select size is not null as there from pg_stat_file($1, true)', [
    `pg_wal/${name}`,
  ]);
  return row?.there ?? false;
}
