// The role of services on a real server: what it may and may not, that nobody locks Hale out, and that a database of an earlier
// release, in which everything was the superuser's, comes over whole.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { bringBack, openYard, type Yard } from '../backup/backup-rig.ts';
import { takeBackup } from '../backup/base-backup.ts';
import { openVault } from '../backup/vault.ts';
import { createFileStore } from '../store/file-store.ts';
import { ownUrl } from './address.ts';
import { checkPostgres } from './connection.ts';
import { openDrillLedger } from './drill-ledger.ts';
import { postgresSupport } from './support.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

function check(yard: Yard) {
  const { port, password, pathname } = new URL(yard.url());
  const at = { port: Number(port), password: decodeURIComponent(password), database: pathname.slice(1) };
  return checkPostgres(at, AbortSignal.timeout(20_000));
}

const refusals: readonly (readonly [string, RegExp])[] = [
  ["alter system set work_mem = '1GB'", /permission denied to set parameter/],
  ['create role other superuser', /permission denied to create role/],
  ['alter role hale password null', /permission denied to alter role|must be superuser/],
  ['select rolpassword from pg_authid', /permission denied for table pg_authid/],
  ['create database other', /permission denied to create database/],
  ["copy (select 1) to program 'true'", /permission denied to COPY to or from an external program/],
  ["select pg_read_file('postgresql.conf')", /permission denied for function pg_read_file/],
  ['create extension file_fdw', /permission denied to create extension "file_fdw"|is not available/],
  ['drop database postgres', /must be owner of database postgres/],
  ['set role hale', /permission denied to set role "hale"/],
  [
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'hale'",
    /permission denied|must be a superuser/i,
  ],
];

test('it owns the database and no more', { skip }, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  const client = await connect(yard.serviceUrl());
  t.after(() => client.end().catch(() => {}));
  // A session of the superuser is there to be reached for.
  const hales = await yard.client();
  t.after(() => hales.end().catch(() => {}));
  for (const text of ['create table notes (n int)', 'create schema drawer', "create type mood as enum ('well')"])
    await client.query(text);
  await client.query('create extension pgcrypto; create table drawer.things (at timestamptz default now())');
  for (const [text, message] of refusals) await assert.rejects(client.query(text), message, text);
  await client.query('drop schema drawer cascade; drop extension pgcrypto');
  const ledger = await openDrillLedger(yard.serviceUrl(), yard.clock);
  await yard.until('receipts', () => ledger.acknowledged > 3);
  assert.deepEqual(await ledger.settle(), { lostAtMs: [] });
  await ledger.close();
});

test('its users take every connection: Hale asks and takes a backup all the same', {
  skip,
}, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  const guests: pg.Client[] = [];
  t.after(() => Promise.all(guests.map((guest) => guest.end().catch(() => {}))));
  for (let refused = ''; refused === ''; assert.ok(guests.length < 100)) {
    const guest = await connect(yard.serviceUrl()).catch((error: { code: string }) => error.code);
    if (typeof guest === 'string') refused = guest;
    else guests.push(guest);
    if (refused !== '') assert.equal(refused, '53300');
  }
  assert.equal(guests.length, 90);
  assert.deepEqual(await check(yard), { kind: 'pass' });
  assert.deepEqual((await yard.query('select 1 as one')).rows, [{ one: 1 }]);
  const vault = openVault(createFileStore(join(yard.root, 'vault')), { folder: 'shop/db' });
  await takeBackup({ url: yard.url(), vault, clock: yard.clock });
});

test('what the owner sets for sessions in its database, and what is missing, keeps Hale from nothing', {
  skip,
}, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  const client = await connect(yard.serviceUrl());
  t.after(() => client.end().catch(() => {}));
  // As whoever wants to be the superuser would try it: a function of his in the way of one that Hale calls.
  await client.query(`
    create function public.pg_get_userbyid(oid) returns name language plpgsql as $$
      begin if current_user = 'hale' then alter role hale_service superuser; end if; return 'hale_service'; end $$;
    alter database app set search_path = public, pg_catalog;
    alter database app set statement_timeout = '1ms';
    alter database app set role = 'hale_service'`);
  const beside = new URL(yard.url());
  beside.pathname = '/template1';
  const boss = await connect(beside.href);
  await boss.query('alter database app owner to hale');
  await boss.query('drop database postgres').finally(() => boss.end());
  assert.equal((await check(yard)).kind, 'fail');
  assert.deepEqual(await check(yard), { kind: 'pass' });
  const asHale = await connect(ownUrl(yard.spec, 'db') ?? '');
  const { rows } = await asHale
    .query("select rolsuper as super, current_user as me from pg_roles where rolname = 'hale_service'")
    .finally(() => asHale.end());
  assert.deepEqual(rows, [{ super: false, me: 'hale' }]);
});

/** As an earlier release left it: services were the superuser, and everything is his. */
async function asBefore(yard: Yard): Promise<void> {
  await yard.query('alter database app owner to hale');
  await yard.query('drop role hale_service');
  await yard.query(`
    create schema "Old drawer";
    create table notes (id serial primary key, name text, at int generated always as identity);
    insert into notes (name) select 'note ' || n from generate_series(1, 300) n;
    create table "Old drawer"."Odd; name" (n int) partition by range (n);
    create table "Old drawer".part partition of "Old drawer"."Odd; name" for values from (0) to (10);
    create view many as select count(*) from notes;
    create materialized view copied as select * from notes;
    create sequence loose;
    create type mood as enum ('well', 'ill');
    create type pair as (a int, b text);
    create type span as range (subtype = int);
    create domain short as text check (length(value) < 5);
    create function twice(n int) returns int language sql as 'select n * 2';
    create procedure nothing() language sql as 'select 1';
    create aggregate total(int) (sfunc = int4pl, stype = int, initcond = '0');
    create operator === (leftarg = int, rightarg = int, function = int4eq);
    create collation plain from "C";
    create statistics seen (dependencies) on id, at from notes;
    create text search configuration words (copy = simple);
    create publication told for table notes;
    create publication all_told for all tables;
    create function refuse() returns event_trigger language plpgsql as $$ begin raise 'not this'; end $$;
    create event trigger guard on ddl_command_start when tag in ('ALTER SEQUENCE') execute function refuse();
    create extension pgcrypto;
    create table hale_commits (lane text primary key, number bigint not null, at timestamptz not null);
    create role reporter; create table reporters (n int); alter table reporters owner to reporter;
    alter default privileges in schema public grant select on tables to reporter;
    alter role hale in database app set search_path = public, "Old drawer";
    create temp table fleeting (n int);
  `);
  await yard.query('select lo_create(0)');
}

const ownersText = `
  select oid::regclass::text as name from pg_class where relowner = 'hale'::regrole and oid >= 16384 and relkind in ('r', 'p', 'v', 'm', 'S')
    and relnamespace::regnamespace::text !~ '^pg_'`;

test('a database of an earlier release comes over by itself, whole, and is told of once', { skip }, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  await asBefore(yard);
  const vault = openVault(createFileStore(join(yard.root, 'vault')), { folder: 'shop/db' });
  const { id } = await takeBackup({ url: yard.url(), vault, clock: yard.clock });
  // A replica of before still works in it, as the superuser, and holds a table.
  const old = await yard.client();
  t.after(() => old.end().catch(() => {}));
  await old.query('begin; lock table notes in access share mode');
  assert.deepEqual(await check(yard), { kind: 'pass' }, 'a lock in the way condemns nobody');
  assert.equal(
    (await yard.query('select pg_get_userbyid(datdba) as owner from pg_database where datname = $1', ['app'])).rows[0]
      .owner,
    'hale',
  );
  assert.match(yard.log(), /LOG: +database app is being handed over to hale_service: what is left waits/);
  await old.query('commit');
  assert.deepEqual(await check(yard), { kind: 'pass' });
  assert.equal(
    (await yard.query('select pg_get_userbyid(datdba) as owner from pg_database where datname = $1', ['app'])).rows[0]
      .owner,
    'hale_service',
  );
  assert.deepEqual((await yard.query(ownersText)).rows, [{ name: 'loose' }]);

  const client = await connect(yard.serviceUrl());
  t.after(() => client.end().catch(() => {}));
  for (const text of [
    'alter table notes add column more text',
    "insert into notes (name) values ('new')",
    'alter table "Odd; name" add column m int',
    'refresh materialized view copied',
    "alter type mood add value 'better'",
    'alter type pair add attribute c int',
    "alter domain short set default 'x'",
    'drop type span',
    'drop function twice(int)',
    'drop procedure nothing()',
    'drop aggregate total(int)',
    'drop operator === (int, int)',
    'drop collation plain',
    'drop statistics seen',
    'drop text search configuration words',
    'drop publication told, all_told',
    'drop view many',
    'drop schema "Old drawer" cascade',
    'insert into reporters values (1)',
    "select digest('x', 'sha256')",
    'select lo_unlink(oid) from pg_largeobject_metadata',
    'create table later (n int)',
    "insert into hale_commits values ('a', 1, now())",
  ])
    await client.query(text);
  assert.deepEqual((await client.query('select count(*)::int as n from notes')).rows, [{ n: 301 }]);
  const { rows } = await client.query("select has_table_privilege('reporter', 'later', 'select') as may");
  assert.deepEqual(rows, [{ may: true }]);
  const told = yard
    .log()
    .split('\n')
    .filter((line) => /services work as hale_service/.test(line));
  assert.equal(told.length, 1, yard.log());
  assert.match(
    told[0] ?? '',
    /database app and \d+ objects in it are theirs now; left as it was: .*loose owner to hale_service: not this$/,
  );
  await check(yard);

  // What the superuser makes afterwards is his.
  await yard.query('create table hales (n int)');
  assert.deepEqual(await check(yard), { kind: 'pass' });
  await assert.rejects(client.query('insert into hales values (1)'), /permission denied/);

  // A backup of that time knows no such role: what is brought back is handed over likewise.
  await Promise.all([client.end(), old.end()]);
  await bringBack(yard, vault, id);
  const again = await connect(yard.serviceUrl());
  const counted = await again.query('drop view many; select count(*)::int as n from notes').finally(() => again.end());
  assert.deepEqual((counted as unknown as pg.QueryResult[])[1]?.rows, [{ n: 300 }]);
});
