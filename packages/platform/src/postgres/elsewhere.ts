// A server that somebody else runs. The keeper runs processes, and this one is none of its own: so under the database's name runs a
// stand-in that does nothing, and every question about it goes to the server itself. Whether it answers is then seen, waited for,
// told and counted as with any other database; restarting the stand-in, which Hale may try, harms nobody and helps nothing.
// It changes nothing there: it asks who it is.
import { hostname } from 'node:os';
import type { PostgresSpec } from '@hale/model';
import pg from 'pg';
import type { CheckResult, Launch, LaunchContext } from '../process/launcher.ts';
import { elsewhereUrl } from './address.ts';
import { plainReason } from './connection.ts';
import { postgresError } from './errors.ts';

export interface ServerElsewhere {
  /** 'db.example.com:5432', or where its socket is. */
  readonly place: string;
  /** '15.18' */
  readonly version: string;
  /** It is in recovery, and takes no writes. */
  readonly isStandby: boolean;
  /** The role attribute without which there is no backup. */
  readonly mayReplicate: boolean;
}

const askTimeoutMs = 5_000;
/** Longer than any machine lives: sleep of every system understands it. */
const longestSleepS = '2147483647';

export function launchStandIn({ root }: LaunchContext, resource: PostgresSpec): Launch {
  let hasWritten = false;
  let about: string | undefined;
  const check = async (): Promise<CheckResult> => {
    try {
      const { isStandby, place, version } = await askElsewhere(root, resource);
      about = `PostgreSQL ${version} at ${place}${isStandby ? ', a standby: it takes no writes' : ''}`;
      hasWritten ||= !isStandby;
      if (!isStandby || !hasWritten) return { kind: 'pass' };
      return { kind: 'fail', reason: `${place} took writes, and is a standby now` };
    } catch (error) {
      return { kind: 'fail', reason: error instanceof Error ? error.message : String(error) };
    }
  };
  return {
    argv: ['sleep', longestSleepS],
    cwd: root,
    env: {},
    listeners: [],
    port: undefined,
    about: () => about,
    check: (signal) => {
      const { promise: aborted, resolve } = Promise.withResolvers<CheckResult>();
      signal.addEventListener('abort', () => resolve({ kind: 'fail', reason: 'no answer in time' }), { once: true });
      return Promise.race([check(), aborted]);
    },
  };
}

/** Asks it once. Throws HALE_PLATFORM_POSTGRES_ELSEWHERE, never with a password in it, and what resolving its address throws. */
export async function askElsewhere(
  root: string,
  resource: Pick<PostgresSpec, 'name' | 'url'>,
): Promise<ServerElsewhere> {
  const connectionString = elsewhereUrl(root, resource) ?? '';
  let client: pg.Client;
  try {
    client = new pg.Client({
      ...{ connectionString, connectionTimeoutMillis: askTimeoutMs, query_timeout: askTimeoutMs },
      application_name: `hale on ${hostname()}`,
    });
  } catch (cause) {
    // What the parser says may repeat what it could not read.
    const message = `the url of ${resource.name} cannot be read as postgres://user:password@host:port/database`;
    throw postgresError('HALE_PLATFORM_POSTGRES_ELSEWHERE', message, { cause });
  }
  const place = client.host.startsWith('/') ? client.host : `${client.host}:${client.port}`;
  // A connection that breaks later than our question is nobody's loss.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<Omit<ServerElsewhere, 'place'>>(question);
    const [row] = rows;
    if (row === undefined) throw new TypeError(`${place} gave no answer`);
    // Somebody else's words: no more of them than a version has.
    return { place, ...row, version: /^[\w.+-]{1,32}/.exec(row.version)?.[0] ?? 'of an unknown version' };
  } catch (cause) {
    const message = `${place} does not answer: ${plainReason(cause)}`;
    throw postgresError('HALE_PLATFORM_POSTGRES_ELSEWHERE', message, { cause, retriable: true });
  } finally {
    await client.end().catch(() => {});
  }
}

const question = `
  select split_part(current_setting('server_version'), ' ', 1) as version, pg_is_in_recovery() as "isStandby",
    coalesce((select rolreplication or rolsuper from pg_roles where rolname = current_user), false) as "mayReplicate"`;
