// A server that somebody else runs: what it says of itself, what is said when it does not answer, and what a backup of it needs. A
// password is in no message, whatever goes wrong (INV-12).
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { openYard } from '../backup/backup-rig.ts';
import { takeBackup } from '../backup/base-backup.ts';
import { prove } from '../backup/proof.ts';
import { openVault } from '../backup/vault.ts';
import { createFileStore } from '../store/file-store.ts';
import { askElsewhere } from './elsewhere.ts';
import { postgresSupport } from './support.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

const password = 'sesame-4711';

async function ask(url: string) {
  process.env['HALE_TEST_ELSEWHERE'] = url;
  return askElsewhere('/', { name: 'db', url: { kind: 'env', name: 'HALE_TEST_ELSEWHERE', fallback: undefined } });
}

async function refused(url: string, message: RegExp): Promise<void> {
  await assert.rejects(ask(url), (error: Error & { code: string; hint: string }) => {
    assert.equal(error.code, 'HALE_PLATFORM_POSTGRES_ELSEWHERE');
    assert.match(error.message, message);
    assert.ok(!`${error.message} ${error.hint}`.includes(password));
    return true;
  });
}

test('what does not answer is told without its password', async () => {
  await refused(`postgres://shop:${password}@127.0.0.1:9/app`, /^127\.0\.0\.1:9 does not answer: .*ECONNREFUSED/);
  await refused(`postgres://shop:${password}@127.0.0.1:notaport/app`, /the url of db cannot be read/);
  await assert.rejects(askElsewhere('/', { name: 'db', url: { kind: 'secret', name: 'HALE_TEST_NOT_SET' } }), {
    code: 'HALE_PLATFORM_SECRET_MISSING',
    message: /the url of db is secret\('HALE_TEST_NOT_SET'\)/,
  });
});

test('it says who it is; a backup names the right that is missing, and is proven once it is granted', {
  skip,
}, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  await yard.query('create table notes as select n from generate_series(1, 300) n');
  await yard.query(`create role "poor one" login password '${password}'`);
  // As servers are made elsewhere: nobody is called hale.
  await yard.query(`create role boss superuser login password '${password}'`);
  const as = (user: string) => {
    const url = new URL(yard.url());
    url.username = encodeURIComponent(user);
    url.password = password;
    return url.href;
  };
  const boss = async (text: string) => {
    const client = new pg.Client({ connectionString: as('boss') });
    await client.connect();
    await client.query(text).finally(() => client.end());
  };
  await boss('alter role hale rename to postgres');
  const said = await ask(as('poor one'));
  assert.deepEqual([said.isStandby, said.mayReplicate], [false, false]);
  assert.match(said.version, /^18\.\d+$/);
  await refused(as('nobody'), /does not answer: password authentication failed .*28P01/);

  const vault = openVault(createFileStore(join(yard.root, 'vault')), { folder: 'shop/db' });
  const order = { url: as('poor one'), vault, clock: yard.clock };
  let grant = '';
  await assert.rejects(takeBackup(order), (error: Error & { code: string }) => {
    assert.equal(error.code, 'HALE_PLATFORM_BACKUP_RIGHTS');
    assert.ok(!error.message.includes(password));
    grant = /alter role .*$/.exec(error.message)?.[0] ?? '';
    return true;
  });
  await boss(grant);
  await takeBackup(order);
  const proof = await prove({ vault, clock: yard.clock, engine: yard.engine });
  assert.deepEqual([proof.problems, proof.tables[0]?.rows], [[], 300]);
  assert.equal((await ask(as('poor one'))).mayReplicate, true);
});
