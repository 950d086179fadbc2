// The stethoscope and the address: the URL that services get, and a check that asks the database a real question. A server
// that says "starting up" (SQLSTATE 57P03) accepts connections and is not ready; so does one whose database does not exist
// (the declaration was changed), or whose services have no role of their own yet: both are made here, because wanting it is enough.
import pg from 'pg';
import type { CheckResult } from '../process/launcher.ts';
import {
  type AccountState,
  accountQuestion,
  asHale,
  needsTending,
  servicePassword,
  serviceVerifier,
  tendServiceAccount,
} from './service-role.ts';
import { ownDatabase, ownOptions, serviceRole, superuser } from './settings.ts';

export interface PostgresAddress {
  readonly port: number;
  /** Of the superuser. */
  readonly password: string;
  readonly database: string;
}

type Door = Omit<PostgresAddress, 'database'>;

/**
 * postgres://hale:…@127.0.0.1:5432/postgres: Hale's own, into its own database. Holds the password: never for a log, nor for a service (INV-12,
 * decision 0012).
 */
export function postgresUrl(at: Door): string {
  const own = urlFor(superuser, at.password, { ...at, database: ownDatabase });
  return `${own}?options=${encodeURIComponent(ownOptions)}`;
}

/** The same person in the services' database. */
export function superuserUrl(at: PostgresAddress): string {
  return urlFor(superuser, at.password, at);
}

/** The role of services there: for their environment only. */
export function serviceUrl(at: PostgresAddress): string {
  return urlFor(serviceRole, servicePassword(at.password), at);
}

function urlFor(user: string, password: string, { port, database }: Omit<PostgresAddress, 'password'>): string {
  return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** Connects and asks; makes the database and the role of services when they are missing. Ends when `signal` aborts. Never throws. */
export async function checkPostgres(at: PostgresAddress, signal: AbortSignal): Promise<CheckResult> {
  const { promise: aborted, resolve } = Promise.withResolvers<CheckResult>();
  const leave = () => resolve({ kind: 'fail', reason: 'no answer in time' });
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([examine(at), aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

async function examine(at: PostgresAddress): Promise<CheckResult> {
  try {
    if (await isWhole(at)) return { kind: 'pass' };
    await tendServiceAccount(at);
    return { kind: 'pass' };
  } catch (error) {
    if (isFull(error)) return { kind: 'pass' };
    if (codeOf(error) === unknownDatabase) return makeOwnDatabase(at);
    return { kind: 'fail', reason: reasonOf(error) };
  }
}

/** While services were superusers, one may have dropped it. The next check finds it there. */
async function makeOwnDatabase(at: PostgresAddress): Promise<CheckResult> {
  try {
    await asHale(at, 'template1', (client) => client.query(`create database ${ownDatabase}`));
  } catch (error) {
    return { kind: 'fail', reason: reasonOf(error) };
  }
  return { kind: 'fail', reason: `its database ${ownDatabase} was missing` };
}

/** A question that outlives its check ends by itself after this long. */
const askTimeoutMs = 5_000;
const unknownDatabase = '3D000';
const allConnectionsUsed = '53300';
const plainWords: Readonly<Record<string, string>> = {
  '57P03': 'it is starting up or recovering',
  '53300': 'too many connections',
  '53100': 'its disk is full',
  '28P01': 'the password is wrong: the data folder and the password file do not belong together',
  ECONNREFUSED: 'nobody listens on its port',
};

/** Not asked in the services' database: whoever owns one decides how sessions in it work (search_path, role, timeouts). */
async function isWhole(at: PostgresAddress): Promise<boolean> {
  const client = new pg.Client({
    connectionString: postgresUrl(at),
    connectionTimeoutMillis: askTimeoutMs,
    query_timeout: askTimeoutMs,
    application_name: 'hale',
  });
  // A connection that breaks later than our question is nobody's loss.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<AccountState>(accountQuestion, [serviceVerifier(at.password), at.database]);
    return !needsTending(rows[0]);
  } finally {
    await client.end().catch(() => {});
  }
}

/** It lives and says so itself: its users have all of its connections. Whoever ended it for that would end the work of all of them. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === allConnectionsUsed;
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** What went wrong, in plain words and with its code; of our own servers. */
export function reasonOf(error: unknown): string {
  return plainWords[codeOf(error)] === undefined
    ? plainReason(error)
    : `${plainWords[codeOf(error)]} (${codeOf(error)})`;
}

/** What was said, with its code. */
export function plainReason(error: unknown): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return code === '' || message.includes(code) ? message : `${message} (${code})`;
}
