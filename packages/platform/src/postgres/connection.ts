// The stethoscope and the address: the URL that services get, and a check that asks the database a real question. A server
// that says "starting up" (SQLSTATE 57P03) accepts connections and is not ready; so does one whose database does not exist
// (the declaration was changed): it is made here, because wanting it is enough.
import pg from 'pg';
import type { CheckResult } from '../process/launcher.ts';
import { superuser } from './settings.ts';

export interface PostgresAddress {
  readonly port: number;
  readonly password: string;
  readonly database: string;
}

/** postgres://hale:…@127.0.0.1:5432/app. Holds the password: for the environment of a service only, never for a log (INV-12). */
export function postgresUrl(at: PostgresAddress): string {
  return `postgres://${superuser}:${encodeURIComponent(at.password)}@127.0.0.1:${at.port}/${encodeURIComponent(at.database)}`;
}

/** Connects and asks `select 1`; makes the database when it is missing. Ends when `signal` aborts. Never throws. */
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
    await ask(at, 'select 1');
    return { kind: 'pass' };
  } catch (error) {
    if (codeOf(error) !== unknownDatabase) return { kind: 'fail', reason: reasonOf(error) };
  }
  try {
    await ask({ ...at, database: 'postgres' }, `create database ${pg.escapeIdentifier(at.database)}`);
    await ask(at, 'select 1');
    return { kind: 'pass' };
  } catch (error) {
    return { kind: 'fail', reason: reasonOf(error) };
  }
}

/** A question that outlives its check ends by itself after this long. */
const askTimeoutMs = 5_000;
const unknownDatabase = '3D000';
const plainWords: Readonly<Record<string, string>> = {
  '57P03': 'it is starting up or recovering',
  '53300': 'too many connections',
  '53100': 'its disk is full',
  '28P01': 'the password is wrong: the data folder and the password file do not belong together',
  ECONNREFUSED: 'nobody listens on its port',
};

async function ask(at: PostgresAddress, question: string): Promise<void> {
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
    await client.query(question);
  } finally {
    await client.end().catch(() => {});
  }
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
