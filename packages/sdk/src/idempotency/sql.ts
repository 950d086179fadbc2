// The store's statements as text. Whatever a caller could have a hand in (keys, bodies, header values) is written as hex digits, so
// there is nothing to escape, no parameter style to match, and one text serves every library. Numbers are checked to be numbers.
import { assert } from '@hale/base';
import { identityOf, lockNumberOf } from './fingerprint.ts';
import type { Answer, Claim } from './store.ts';

export interface Statements {
  readonly lookForTable: string;
  readonly makeTable: readonly string[];
  /** `watchesClient`: the server can look, during a statement, whether its client is still there. */
  claim(claim: Claim, watchesClient: boolean): string;
  read(claim: Claim): string;
  holder(claim: Claim): string;
  keep(claim: Claim, answer: Answer, ttlMs: number): string;
  readonly beat: string;
  readonly fencingToken: string;
  prune(countMax: number): string;
}

/** 'hale_idempotency' or 'my_schema.keys': plain lower-case names only. */
const tableName = /^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,55}$/;

export function isTableName(name: string): boolean {
  return tableName.test(name);
}

/** A killed owner's statement that waits for somebody else's row ends this soon. */
const clientCheckMs = 1_000;

export function createStatements(table: string, leaseMs: number): Statements {
  assert(isTableName(table), 'the table name was checked');
  const index = `${table.split('.').at(-1)}_expiry`;
  return {
    lookForTable: `select cast(to_regclass('${table}') is not null as int) as made, cast(current_setting('server_version_num') as int) as number, version() as words`,
    // Replicas that start at once come one after the other: "if not exists" alone may still collide in the catalogue.
    makeTable: [
      `select cast(pg_advisory_xact_lock(${lockNumberOf(identityOf('table', table))}) as text)`,
      `create table if not exists ${table} (
        id bytea primary key, scope text not null, key text not null, fingerprint bytea not null,
        status smallint not null, headers text not null, body bytea not null,
        created_at timestamptz not null default now(), expires_at timestamptz not null)`,
      `create index if not exists ${index} on ${table} (expires_at)`,
    ],
    claim: (claim, watchesClient) => claimText(claim, leaseMs, watchesClient),
    read: ({ id }) =>
      `select encode(fingerprint, 'hex') as fingerprint, status, headers, encode(body, 'hex') as body
       from ${table} where id = ${bytes(id)} and expires_at > now()`,
    holder: holderText,
    keep: (claim, answer, ttlMs) => keepText(table, claim, { answer, ttlMs }),
    beat: 'select 1 as beat',
    fencingToken: `select cast(pg_current_xact_id() as text) as token`,
    prune: (countMax) =>
      `delete from ${table} where ctid = any(array(
         select ctid from ${table} where expires_at <= now() order by expires_at limit ${whole(countMax)} for update skip locked))
       returning 1 as gone`,
  };
}

/**
 * The lease is the database's own: it ends a session that is idle in its transaction for so long, and with it the effect and the key.
 * The label (shared) is taken before the key, so that whoever holds the key can be asked which payload it is for.
 */
function claimText(claim: Claim, leaseMs: number, watchesClient: boolean): string {
  const watch = watchesClient
    ? `set_config('client_connection_check_interval', '${clientCheckMs}', true) as watch,`
    : '';
  return `select ${watch} set_config('idle_in_transaction_session_timeout', '${whole(leaseMs)}', true) as lease,
    cast(pg_try_advisory_xact_lock_shared(${labelOf(claim)}) as int) as label,
    cast(pg_try_advisory_xact_lock(${lockNumberOf(claim.id)}) as int) as mine`;
}

function holderText(claim: Claim): string {
  const is = (number: string) => {
    const bits = BigInt.asUintN(64, BigInt(number));
    return `(classid = ${bits >> 32n} and objid = ${bits & 0xffffffffn})`;
  };
  const key = `bool_or(${is(lockNumberOf(claim.id))} and mode = 'ExclusiveLock')`;
  // One look at the list of locks: two would be of two moments.
  return `select cast(bool_or(${is(labelOf(claim))}) as int) as same from pg_locks
    where locktype = 'advisory' and objsubid = 1 and granted
      and database = (select oid from pg_database where datname = current_database())
    group by pid having ${key}`;
}

/** The primary key is the last word: even where locks failed, the second record of a key cannot be written. */
function keepText(table: string, claim: Claim, kept: { readonly answer: Answer; readonly ttlMs: number }): string {
  const { answer, ttlMs } = kept;
  return `insert into ${table} as r (id, scope, key, fingerprint, status, headers, body, expires_at) values (
      ${bytes(claim.id)}, ${text(claim.scope)}, ${text(claim.key)}, ${bytes(claim.fingerprint)}, ${whole(answer.status)},
      ${text(JSON.stringify(answer.headers))}, ${bytes(hexOf(answer.body))}, now() + interval '1 millisecond' * ${whole(ttlMs)})
    on conflict (id) do update set scope = excluded.scope, key = excluded.key, fingerprint = excluded.fingerprint,
      status = excluded.status, headers = excluded.headers, body = excluded.body,
      created_at = excluded.created_at, expires_at = excluded.expires_at
      where r.expires_at <= now()
    returning 1 as kept`;
}

function labelOf(claim: Claim): string {
  return lockNumberOf(identityOf(claim.id, claim.fingerprint));
}

function bytes(hex: string): string {
  assert(/^[0-9a-f]*$/.test(hex), 'hex digits only');
  return `decode('${hex}', 'hex')`;
}

function text(value: string): string {
  return `convert_from(${bytes(hexOf(new TextEncoder().encode(value)))}, 'UTF8')`;
}

function hexOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
}

function whole(value: number): string {
  assert(Number.isSafeInteger(value) && value >= 0, 'a whole number');
  return String(value);
}
