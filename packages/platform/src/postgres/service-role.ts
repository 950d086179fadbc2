// The servants' key: the role with which services work, beside the superuser that is Hale's own (decision 0012). Its password is derived from
// the superuser's, so that there is one secret to keep and none to lose; what the server is given is a verifier with a fixed
// salt, so that whether it still fits can be asked without logging in, and no password ever stands in a statement.
// What it must own is handed over in handover.ts.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import pg from 'pg';
import { handOver, tell } from './handover.ts';
import { ownDatabase, ownOptions, serviceRole, superuser } from './settings.ts';

/** Of the role of services, given the superuser's. */
export function servicePassword(password: string): string {
  return createHmac('sha256', password).update(serviceRole).digest('base64url');
}

/** RFC 7677 asks for no fewer. */
const iterations = 4096;
let last: { readonly password: string; readonly verifier: string } | undefined;

/** What pg_authid holds for the role (SCRAM-SHA-256, RFC 5803), given the superuser's password. */
export function serviceVerifier(password: string): string {
  if (last?.password === password) return last.verifier;
  const own = servicePassword(password);
  const salt = createHmac('sha256', own).update('salt').digest().subarray(0, 16);
  const salted = pbkdf2Sync(own, salt, iterations, 32, 'sha256');
  const keyed = (word: string) => createHmac('sha256', salted).update(word).digest();
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64');
  const verifier = `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${keyed('Server Key').toString('base64')}`;
  last = { password, verifier };
  return verifier;
}

/** For a database that is being made; one line, as a server without clients takes them. */
export function createRoleText(password: string): string {
  return `create role ${serviceRole} login password '${serviceVerifier(password)}'`;
}

export interface ServiceAccount {
  readonly port: number;
  /** The superuser's. */
  readonly password: string;
  readonly database: string;
}

/** One row: whether anything is to be done. $1: the verifier, $2: the database. */
export const accountQuestion = `
  select exists (select from pg_authid where rolname = '${serviceRole}' and rolpassword = $1) as "hasKey",
    exists (select from pg_database where datname = $2) as "isMade",
    exists (select from pg_database where pg_get_userbyid(datdba) = '${superuser}' and (${isServices('$2')})) as "isHales"`;

export interface AccountState {
  readonly hasKey: boolean;
  readonly isMade: boolean;
  /** Some database of the services still belongs to the superuser: it was made by a release that knew no other role. */
  readonly isHales: boolean;
}

/** Whether tendServiceAccount would find something to do. */
export function needsTending(state: AccountState | undefined): boolean {
  return state === undefined || !state.hasKey || !state.isMade || state.isHales;
}

/** Those of the declaration, and others that a service made while it was a superuser; of what initdb made, only what is declared. */
function isServices(declared: string): string {
  return `datallowconn and not datistemplate and (datname <> '${ownDatabase}' or datname = ${declared})`;
}

const askTimeoutMs = 5_000;

/**
 * Makes what is missing: the role, the database, and that the one owns the other. For the primary only. Where the services' own locks
 * are in the way, it gives false, and what is left is done by the next call. Rejects with what pg throws.
 */
export async function tendServiceAccount(at: ServiceAccount): Promise<boolean> {
  return asHale(at, ownDatabase, async (client) => {
    const verifier = serviceVerifier(at.password);
    const { rows } = await client.query<AccountState>(accountQuestion, [verifier, at.database]);
    const [state] = rows;
    if (state?.hasKey === false) await giveKey(client, verifier, at.password);
    if (state?.isMade === false)
      await client.query(`create database ${pg.escapeIdentifier(at.database)} owner ${serviceRole}`);
    if (state?.isHales !== true) return true;
    const { rows: databases } = await client.query<{ name: string }>(
      `select datname as name from pg_database where pg_get_userbyid(datdba) = '${superuser}' and ${isServices('$1')}`,
      [at.database],
    );
    let isWhole = true;
    for (const { name } of databases) isWhole = (await asHale(at, name, (one) => giveOne(one, name, at))) && isWhole;
    return isWhole;
  });
}

/** Of which it was said already, by this process, that something is in the way. */
const waitedFor = new Set<string>();

async function giveOne(client: pg.Client, name: string, { port }: ServiceAccount): Promise<boolean> {
  const key = `${port}/${name}`;
  const isDone = await handOver(client, name);
  if (isDone) waitedFor.delete(key);
  else if (!waitedFor.has(key)) {
    waitedFor.add(key);
    const words = `database ${name} is being handed over to ${serviceRole}: what is left waits for the locks of those who work in it`;
    await tell(client, words);
  }
  return isDone;
}

async function giveKey(client: pg.Client, verifier: string, password: string): Promise<void> {
  const { rowCount } = await client.query(`select from pg_roles where rolname = '${serviceRole}'`);
  await client.query(
    rowCount === 0 ? createRoleText(password) : `alter role ${serviceRole} login password '${verifier}'`,
  );
}

/** A session of the superuser's for one piece of work. */
export async function asHale<T>(
  at: Omit<ServiceAccount, 'database'>,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: at.port, user: superuser, password: at.password, database },
    options: ownOptions,
    ...{ connectionTimeoutMillis: askTimeoutMs, query_timeout: askTimeoutMs, application_name: 'hale' },
  });
  client.on('error', () => {});
  try {
    await client.connect();
    // A cleaner (autovacuum) in the way is sent away by the look for deadlocks, which must come before this one gives up.
    // Not waiting for standbys: they may wait for this node to serve. What a failover loses of it, the next primary's check does again.
    await client.query(
      "set synchronous_commit = local; set default_transaction_read_only = off; set lock_timeout = '100ms'; set deadlock_timeout = '40ms'",
    );
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
