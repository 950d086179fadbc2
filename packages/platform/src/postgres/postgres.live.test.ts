// The embedded PostgreSQL for real: made, started, asked, killed, started again with its data, and every refusal it knows.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Incarnation, replicaId, type SystemSpec } from '@hale/model';
import pg from 'pg';
import type { Launch } from '../process/launcher.ts';
import { resourceUrl } from './address.ts';
import { checkPostgres } from './connection.ts';
import { launchAs } from './launcher.ts';
import { findRunAs, pickAccount, type RunAs } from './run-as.ts';
import { clearStrays, findProcesses } from './strays.ts';
import { postgresSupport } from './support.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

interface House {
  readonly root: string;
  readonly home: string;
  readonly spec: SystemSpec;
  launch(): Promise<Launch>;
  /** Prepares, starts, and waits until its check passes. */
  start(): Promise<ChildProcess>;
  query(text: string): Promise<pg.QueryResult>;
}

function build(t: { after(fn: () => void | Promise<void>): void }, runAs?: RunAs): House {
  const root = mkdtempSync(join(tmpdir(), 'hale-pg-'));
  const home = join(root, '.hale', 'data', 'db');
  const resources = { db: { kind: 'postgres', name: 'db', database: 'shop-1', port: undefined } } as const;
  const spec: SystemSpec = { name: 'test', id: 'x', root, zones: ['a'], services: {}, resources, gateway: undefined };
  const launch = async () =>
    launchAs(runAs ?? (await findRunAs()), {
      ...{ spec, root, release: 1, unit: 'db', replica: replicaId('db', 0), ordinal: 0, zone: 'a' },
      ...{ incarnation: 'I1' as Incarnation, port: 1, runtimeDir: join(root, 'run') },
    });
  const start = async () => {
    const recipe = await launch();
    await recipe.prepare?.();
    const [program = '', ...args] = recipe.argv;
    const identity = recipe.uid === undefined ? {} : { uid: recipe.uid, gid: recipe.gid };
    const child = spawn(program, args, { cwd: recipe.cwd, stdio: 'ignore', detached: true, ...identity });
    await serving(recipe, child);
    return child;
  };
  const query = async (text: string) => {
    const client = new pg.Client({ connectionString: resourceUrl(spec, 'db') });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  };
  mkdirSync(join(root, 'run'));
  t.after(async () => {
    await clearStrays(join(home, 'pgdata'));
    if (existsSync(home)) rmSync(realpathSync(home), { recursive: true, force: true });
    rmSync(root, { recursive: true, force: true });
  });
  return { root, home, spec, launch, start, query };
}

async function serving(recipe: Launch, child: ChildProcess): Promise<void> {
  let last = '';
  for (let i = 0; i < 300 && child.exitCode === null; i++) {
    const result = await recipe.check!(AbortSignal.timeout(2_000));
    if (result.kind === 'pass') return;
    last = result.reason;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`it does not serve: ${last}, exit code ${child.exitCode}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

test('it is made, keeps what is committed through kill -9, and stops fast when asked', { skip }, async (t) => {
  const house = build(t);
  assert.equal(resourceUrl(house.spec, 'db'), undefined, 'nothing to tell before the first start');
  const first = await house.start();
  assert.equal(statSync(join(house.home, 'password')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(house.home).sort(), ['password', 'pgdata', 'port']);
  const settings = await house.query(
    "select name, setting from pg_settings where name in ('data_checksums', 'fsync', 'listen_addresses') order by 1",
  );
  assert.deepEqual(
    settings.rows.map((row) => row.setting),
    ['on', 'on', '127.0.0.1'],
  );
  await house.query('create table kept (n int)');
  await house.query('insert into kept values (42)');
  const url = resourceUrl(house.spec, 'db');

  // The postmaster dies alone, with a busy child left behind.
  const busy = house.query('select pg_sleep(60)').catch((error: Error) => error);
  const sleepers = "select 1 from pg_stat_activity where query = 'select pg_sleep(60)'";
  for (let i = 0; i < 200 && (await house.query(sleepers)).rowCount === 0; i++);
  await end(first, 'SIGKILL');
  const second = await house.start();
  assert.ok((await busy) instanceof Error);
  assert.deepEqual((await house.query('select n from kept')).rows, [{ n: 42 }]);
  assert.equal(resourceUrl(house.spec, 'db'), url, 'the address and the password stay');
  const open = new pg.Client({ connectionString: url });
  open.on('error', () => {});
  await open.connect();
  await end(second, 'SIGINT');
  assert.equal(second.exitCode, 0, 'an open connection does not hold it up');
  assert.deepEqual(await findProcesses(join(house.home, 'pgdata')), []);
});

test('a start beside one that still runs takes its place; a stale lock of a reused pid does not stop it', {
  skip,
}, async (t) => {
  const house = build(t);
  const first = await house.start();
  const gone = once(first, 'exit');
  const second = await house.start();
  await gone;
  await end(second, 'SIGKILL');
  await clearStrays(join(house.home, 'pgdata'));
  writeFileSync(join(house.home, 'pgdata', 'postmaster.pid'), `${process.pid}\n`);
  await end(await house.start(), 'SIGINT');
});

test('an adopted node is asked by a fresh recipe', { skip }, async (t) => {
  const house = build(t);
  const child = await house.start();
  const recipe = await house.launch();
  assert.deepEqual(await recipe.check!(AbortSignal.timeout(5_000)), { kind: 'pass' });
  await end(child, 'SIGINT');
  assert.equal((await recipe.check!(AbortSignal.timeout(5_000))).kind, 'fail');
});

test('a database that the declaration names later is made when it is asked for', { skip }, async (t) => {
  const house = build(t);
  const child = await house.start();
  const spec: SystemSpec = {
    ...house.spec,
    resources: { db: { ...house.spec.resources['db']!, database: 'second "one"' } },
  };
  const password = readFileSync(join(house.home, 'password'), 'utf8').trim();
  const port = Number(readFileSync(join(house.home, 'port'), 'utf8'));
  const at = { port, password, database: 'second "one"' };
  assert.deepEqual(await checkPostgres(at, AbortSignal.timeout(10_000)), { kind: 'pass' });
  const client = new pg.Client({ connectionString: resourceUrl(spec, 'db') });
  await client.connect();
  assert.equal((await client.query('select current_database() as name')).rows[0].name, 'second "one"');
  await client.end();
  await end(child, 'SIGINT');
});

test('a database whose users have all of its connections is not held to be dead', { skip }, async (t) => {
  const house = build(t);
  await house.start();
  const { check } = await house.launch();
  const guests: pg.Client[] = [];
  t.after(() => Promise.all(guests.map((guest) => guest.end().catch(() => {}))));
  for (;;) {
    const guest = new pg.Client({ connectionString: resourceUrl(house.spec, 'db') });
    guest.on('error', () => {});
    const refused = await guest.connect().then(
      () => undefined,
      (error: { code?: string }) => error.code,
    );
    if (refused !== undefined) {
      assert.equal(refused, '53300');
      break;
    }
    guests.push(guest);
    assert.ok(guests.length < 1_000);
  }
  assert.deepEqual(await check!(AbortSignal.timeout(5_000)), { kind: 'pass' });
});

test('a half-made folder is thrown away and made again; whole data never is', { skip }, async (t) => {
  const house = build(t);
  mkdirSync(join(house.home, 'making-1-dead', 'base'), { recursive: true });
  await end(await house.start(), 'SIGINT');
  assert.equal(existsSync(join(house.home, 'making-1-dead')), false);
  const recipe = await house.launch();
  rmSync(join(house.home, 'password'));
  await assert.rejects(recipe.prepare!(), { code: 'HALE_PLATFORM_POSTGRES_PASSWORD' });
  writeFileSync(join(house.home, 'password'), 'something\n');
  writeFileSync(join(house.home, 'pgdata', 'PG_VERSION'), '12\n');
  await assert.rejects(recipe.prepare!(), { code: 'HALE_PLATFORM_POSTGRES_VERSION' });
  rmSync(join(house.home, 'pgdata', 'PG_VERSION'));
  await assert.rejects(recipe.prepare!(), { code: 'HALE_PLATFORM_POSTGRES_DAMAGED' });
});

test('a taken port and a folder that cannot be made are said clearly', { skip }, async (t) => {
  const house = build(t);
  const recipe = await house.launch();
  const server = createServer().listen(Number(readFileSync(join(house.home, 'port'), 'utf8')), '127.0.0.1');
  await once(server, 'listening');
  await assert.rejects(recipe.prepare!(), { code: 'HALE_PLATFORM_POSTGRES_PORT_IN_USE' });
  server.close();
  const other = build(t);
  const blocked = await other.launch();
  rmSync(other.home, { recursive: true });
  writeFileSync(other.home, 'a file where a folder should be');
  await assert.rejects(blocked.prepare!(), { code: 'HALE_PLATFORM_POSTGRES_INIT' });
  rmSync(other.home);
});

const notRoot = process.getuid?.() === 0 ? skip : 'only root can hand the engine to another user';
test('where namespaces are forbidden, root hands it to an unprivileged user', { skip: notRoot }, async (t) => {
  const account = pickAccount(readFileSync('/etc/passwd', 'utf8'))!;
  const house = build(t, { kind: 'user', ...account });
  const child = await house.start();
  assert.match(readFileSync(`/proc/${child.pid}/status`, 'utf8'), new RegExp(`^Uid:\\s+${account.uid}\\s`, 'm'));
  assert.deepEqual((await house.query('select 1 as one')).rows, [{ one: 1 }]);
  await end(child, 'SIGKILL');
  await end(await house.start(), 'SIGINT');
  assert.equal(statSync(join(house.home, 'password')).mode & 0o777, 0o600);
});
