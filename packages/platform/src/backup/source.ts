// Who is asked for a copy: the facts about a running server that a backup needs before it begins, and its clock.
import pg from 'pg';
import { backupError } from './errors.ts';
import { majorOf, versionWords } from './manifest.ts';
import type { ReplicationConnection, Row } from './replication-connection.ts';
import { type Lsn, parseLsn } from './wal-name.ts';

export interface SourceFacts {
  readonly systemIdentifier: string;
  readonly timeline: number;
  readonly position: Lsn;
  readonly versionNumber: number;
  readonly segmentBytes: number;
  readonly dataChecksums: boolean;
}

/** Throws HALE_PLATFORM_BACKUP_SOURCE, _SOURCE_VERSION. */
export async function askSource(line: ReplicationConnection): Promise<SourceFacts> {
  const show = async (name: string) => Object.values((await line.query(`SHOW ${name}`))[0] ?? {})[0] ?? '';
  const system = (await line.query('IDENTIFY_SYSTEM'))[0] ?? {};
  const versionNumber = Number(await show('server_version_num'));
  if (majorOf(versionNumber) < 15) {
    throw backupError('HALE_PLATFORM_BACKUP_SOURCE_VERSION', `the server is PostgreSQL ${versionWords(versionNumber)}`);
  }
  return {
    systemIdentifier: system['systemid'] ?? '',
    timeline: Number(system['timeline']),
    position: parseLsn(system['xlogpos'] ?? '0/0'),
    versionNumber,
    segmentBytes: parseSize(await show('wal_segment_size')),
    dataChecksums: (await show('data_checksums')) === 'on',
  };
}

/** '16MB' as the server writes it. */
export function parseSize(text: string): number {
  const match = /^(\d+)\s*(kB|MB|GB|B)?$/.exec(text.trim());
  const unit = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }[match?.[2] ?? 'B'] ?? 1;
  return Number(match?.[1] ?? 0) * unit;
}

export interface SourceState {
  /** Unix ms by the database's own clock. */
  readonly now: number;
  /** About how large all databases are; 0 where we may not ask. */
  readonly bytes: number;
}

/** Throws HALE_PLATFORM_BACKUP_SOURCE. */
export async function askState(url: string): Promise<SourceState> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'hale backup',
    connectionTimeoutMillis: 10_000,
    // The size of many databases may take its time; that nobody is there any more is found out all the same.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const size = await client
      .query<{ bytes: string }>('select sum(pg_database_size(oid)) as bytes from pg_database')
      .then(
        ({ rows }) => Number(rows[0]?.bytes),
        () => 0,
      );
    const { rows } = await client.query<{ ms: string }>('select extract(epoch from clock_timestamp()) * 1000 as ms');
    return { now: Number(rows[0]?.ms), bytes: size };
  } catch (cause) {
    throw backupError(
      'HALE_PLATFORM_BACKUP_SOURCE',
      `the database was not to be asked the time: ${(cause as Error).message}`,
      {
        cause,
        retriable: true,
      },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

/** The place that a result set of BASE_BACKUP names; undefined where it names none. */
export function placeIn(
  rows: readonly Row[] | undefined,
): { readonly lsn: string; readonly timeline: number } | undefined {
  const row = rows?.[0];
  const lsn = row?.['recptr'];
  return lsn === undefined || lsn === null ? undefined : { lsn, timeline: Number(row?.['tli']) };
}
