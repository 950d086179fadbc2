// The handing over of a database that a release made which knew no role but the superuser: everything in it becomes the services' own, in the
// catalogue only, so no row is touched. REASSIGN OWNED refuses, because the superuser of initdb also owns PostgreSQL itself; so the objects are
// listed here, and each is given by its own ALTER. That the database belongs to the role comes last, and says that all of it is done.
// What only a superuser may own stays as it is: members of extensions, event triggers, foreign-data wrappers, subscriptions.
import pg from 'pg';
import { serviceRole, superuser } from './settings.ts';

interface Catalogue {
  readonly name: string;
  /** The column that holds it. */
  readonly owner: string;
  readonly only?: string;
  /** As dependencies name it, where that is another name. */
  readonly class?: string;
}

/** Catalogues whose objects have an owner that may be an ordinary role, and which of them are objects in their own right. */
const catalogues: readonly Catalogue[] = [
  { name: 'pg_namespace', owner: 'nspowner' },
  { name: 'pg_class', owner: 'relowner', only: `relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ${isOwnSequence()}` },
  {
    name: 'pg_type',
    owner: 'typowner',
    only: "typtype in ('b', 'e', 'd', 'r', 'c') and typcategory <> 'A'",
  },
  { name: 'pg_proc', owner: 'proowner' },
  { name: 'pg_operator', owner: 'oprowner' },
  { name: 'pg_opfamily', owner: 'opfowner' },
  { name: 'pg_opclass', owner: 'opcowner' },
  { name: 'pg_collation', owner: 'collowner' },
  { name: 'pg_conversion', owner: 'conowner' },
  { name: 'pg_statistic_ext', owner: 'stxowner' },
  { name: 'pg_ts_dict', owner: 'dictowner' },
  { name: 'pg_ts_config', owner: 'cfgowner' },
  { name: 'pg_language', owner: 'lanowner' },
  { name: 'pg_foreign_server', owner: 'srvowner' },
  { name: 'pg_publication', owner: 'pubowner' },
  { name: 'pg_largeobject_metadata', owner: 'lomowner', class: 'pg_largeobject' },
];

/** One that belongs to a column goes with its table. */
function isOwnSequence(): string {
  return `not (relkind = 'S' and exists (select from pg_depend
    where classid = 'pg_class'::regclass and objid = it.oid and deptype = 'a' and refobjsubid > 0))`;
}

const firstUserOid = 16_384;

/** Every object that somebody made in this database: (type, identity, owner), as ALTER spells it. */
const objectsText = `
  select replace(named.type, 'statistics object', 'statistics') as type, named.identity, made.owner
    from (${catalogues
      .map(
        ({
          name,
          owner,
          only,
          class: called,
        }) => `select '${called ?? name}'::regclass as class, oid, ${owner} as owner from ${name} it
          where ${only ?? 'true'} and (oid >= ${firstUserOid}${name === 'pg_namespace' ? " or nspname = 'public'" : ''})`,
      )
      .join(' union all ')}) made,
    lateral pg_identify_object(made.class, made.oid, 0) named
    where coalesce(named.schema, '') !~ '^pg_' and named.identity !~ '^pg_(temp|toast)'
      and not exists (select from pg_depend where classid = made.class and objid = made.oid and objsubid = 0 and deptype in ('e', 'i'))`;

/** ALTER for each object that is still the superuser's. A schema comes first: whoever owns what lies in it must find it. */
const giveText = `
  select format('alter %s %s owner to ${serviceRole}', type, identity) as text from (${objectsText}) objects
    where pg_get_userbyid(owner) = '${superuser}' order by type <> 'schema', type, identity`;

/** What the services could do as the superuser by its settings, by what it granted in advance, and to what other roles own. */
const favourTexts: readonly string[] = [
  `select distinct format('grant %I to ${serviceRole}', rolname) as text from (${objectsText}) objects
     join pg_roles on pg_roles.oid = owner
     where not rolsuper and rolname not in ('${superuser}', '${serviceRole}') and rolname !~ '^pg_'`,
  `select format('alter default privileges for role ${serviceRole} %s grant %s on %s to %s %s',
       'in schema ' || quote_ident(nspname), privilege_type,
       case defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
         when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end,
       case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
       case when is_grantable then 'with grant option' end) as text
     from pg_default_acl left join pg_namespace on pg_namespace.oid = defaclnamespace, aclexplode(defaclacl)
     where pg_get_userbyid(defaclrole) = '${superuser}' and grantee <> defaclrole`,
  `select format('alter role ${serviceRole} %s set %I to %s', 'in database ' || quote_ident(datname), name,
       case when name in ('search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries')
         then value else quote_literal(value) end) as text
     from pg_db_role_setting left join pg_database on pg_database.oid = setdatabase, unnest(setconfig) as line,
       lateral (select split_part(line, '=', 1) as name, substr(line, strpos(line, '=') + 1) as value) pair
     where setrole = '${superuser}'::regrole and (setdatabase = 0 or datname = current_database())`,
];

const busyCodes = ['55P03', '40P01'];
const batch = 200;

/**
 * Gives the connected database, `name`, to the role of services; the session looks names up in pg_catalog only, so all come out whole. Gives false where locks of those who work in it, or another who does the same, are in the way:
 * what was given by then is given, and the rest is for the next call. Tells it in the server's log, once.
 */
export async function handOver(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>(
    `select pg_try_advisory_lock(hashtext('${serviceRole}')) as mine`,
  );
  if (rows[0]?.mine !== true) return false;
  const texts = await textsOf(client, giveText);
  const kept: string[] = [];
  for (let from = 0; from < texts.length; from += batch) {
    const refused = await doTogether(client, texts.slice(from, from + batch));
    if (refused === undefined) return false;
    kept.push(...refused);
  }
  const favours: string[] = [];
  for (const text of favourTexts) favours.push(...(await textsOf(client, text)));
  const refused = await doTogether(client, favours);
  if (refused === undefined) return false;
  const last = `alter database ${pg.escapeIdentifier(name)} owner to ${serviceRole}`;
  if ((await doTogether(client, [last]))?.length !== 0) return false;
  await tell(client, wordsOf({ name, given: texts.length - kept.length, kept: [...kept, ...refused] }));
  return true;
}

async function textsOf(client: pg.Client, question: string): Promise<readonly string[]> {
  return (await client.query<{ text: string }>(question)).rows.map(({ text }) => text);
}

/** All or, where one is refused, each by itself. Gives what was refused; undefined where somebody's lock was in the way. */
async function doTogether(client: pg.Client, texts: readonly string[]): Promise<readonly string[] | undefined> {
  if (texts.length === 0) return [];
  const refused = await attempt(client, texts.join(';'));
  if (refused === undefined) return [];
  if (busyCodes.includes(refused.code ?? '')) return undefined;
  if (texts.length === 1) return [`${texts[0]}: ${refused.message}`];
  const each: string[] = [];
  for (const text of texts) {
    const one = await doTogether(client, [text]);
    if (one === undefined) return undefined;
    each.push(...one);
  }
  return each;
}

/** Several statements in one message are one transaction. What is not the server's word on it is thrown on. */
async function attempt(client: pg.Client, text: string): Promise<pg.DatabaseError | undefined> {
  try {
    await client.query(text);
    return undefined;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error;
    throw error;
  }
}

const keptTold = 20;

function wordsOf({ name, given, kept }: { name: string; given: number; kept: readonly string[] }): string {
  const more = kept.length > keptTold ? `; and ${kept.length - keptTold} more` : '';
  const rest = kept.length === 0 ? '' : `; left as it was: ${kept.slice(0, keptTold).join('; ')}${more}`;
  return `services work as ${serviceRole} from their next start on, and no longer as superuser ${superuser}: database ${name} and ${given} objects in it are theirs now${rest}`;
}

/** Into the log that `hale logs` shows of the database. */
export async function tell(client: pg.Client, words: string): Promise<void> {
  // One line: no context, and not the statement that says it.
  await client.query('set log_error_verbosity = terse; set log_min_error_statement = fatal');
  await client.query(`do ${client.escapeLiteral(`begin raise log '%', ${client.escapeLiteral(words)}; end`)}`);
}
