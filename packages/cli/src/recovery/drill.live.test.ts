// The way back, drilled while the original runs: its databases from the store alone, then the whole system in an empty folder. The original
// does not notice, nothing is left behind, and no secret is in the store.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SystemView } from '@hale/model';
import { buildPostgres } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import { openTestHome } from './house-rig.ts';
import type { Measured } from './measured.ts';
import type { RecoveryLine } from './recovery-line.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;
const key = `${'facade'.repeat(10)}face`;
const canary = 'canary-9b71e';

test('a system is rebuilt from its store and its key alone', { skip }, async (t) => {
  const home = openTestHome({
    resources: `vault: objectStore({ url: 'file:vault' }), db: postgres({ backup: { to: 'vault', encrypt: secret('KEY') } })`,
    gateway: `gateway: { port: 0, workers: 1, routes: { '/': 'web' } },`,
    env: { KEY: key },
  });
  t.after(() => home.close());
  const { folder } = home;
  const vault = join(folder, 'vault');
  writeFileSync(join(folder, '.env'), `TOKEN=${canary}`);
  const lineOf = (said: string) => JSON.parse(said.trim().split('\n').at(-1) ?? '') as RecoveryLine;
  await home.expect('drill run dr', 1, /there is no backup[\s\S]*dr: failed/);
  await home.expect('dr plan', 0, /restore --house[\s\S]*never measured: run hale drill run dr --bare/);
  await home.expect('up --detach --wait', 0, /./);
  const url = resourceUrl({ root: folder, resources: { db: buildPostgres() } }, 'db') as string;
  await home.ask(url, 'create table notes as select n from generate_series(1, 200) n');
  const early = JSON.parse((await home.hale('dr', 'status', '--json')).said);
  assert.deepEqual(early.house.exposed, [], 'a release that is in force is in the store');
  const { leftOut } = (await home.backup()).house;
  assert.match(JSON.stringify(leftOut), /"\.env","why":"it looks like a secret"/);

  const restored = lineOf(await home.expect('drill run dr --json', 0, /"drill":"dr"/));
  assert.equal(restored.verdict, 'healed');
  assert.deepEqual([restored.databases[0]?.tables, restored.databases[0]?.rows], [1, 200]);
  assert.ok((restored.rtoMs ?? 0) > 0);

  const elsewhere = mkdtempSync(join(tmpdir(), 'hale-elsewhere-'));
  t.after(() => rmSync(elsewhere, { recursive: true }));
  const bare = (...more: string[]) =>
    home.hale('-C', elsewhere, 'drill', 'run', 'dr', '--bare', '--from', `file:${vault}`, ...more);
  const pids = pidsOf(await home.untilView('the original', () => true));
  // A temporary folder of its own: what is in it afterwards was left by the copy.
  const scratch = mkdtempSync(join(tmpdir(), 'hb-'));
  t.after(() => rmSync(scratch, { recursive: true }));
  home.env['TMPDIR'] = scratch;
  const { code, said } = await bare('--json');
  const line = lineOf(said);
  assert.deepEqual(line.complaints, [], said);
  assert.equal(code, 0);
  assert.equal(line.databases[0]?.ok, true);
  assert.ok((line.steps ?? []).some(({ step }) => step === 'it answers'));
  assert.deepEqual(readdirSync(scratch), [], 'the copy is thrown away');
  delete home.env['TMPDIR'];
  assert.deepEqual(pidsOf(await home.untilView('the original', () => true)), pids, 'the original did not notice');
  assert.equal((await home.ask<{ n: number }>(url, 'select count(*)::int as n from notes'))[0]?.n, 200);

  await home.expect(
    'dr plan',
    0,
    /db is damaged[\s\S]*RTO .* measured at[\s\S]*lost with its machine[\s\S]*RTO .* measured at/,
  );
  const exposed = JSON.parse(await home.expect('dr status --json', 1, /"exposed":true/));
  assert.match(exposed.databases[0].exposed.join(), /^the store is on the disk of the data[^,]*$/);
  assert.deepEqual(exposed.house.exposed, []);
  home.env['KEY'] = '0'.repeat(64);
  await home.expect('dr status', 1, /encrypted with another key/);
  assert.match((await bare()).said, /encrypted with another key/);
  delete home.env['KEY'];
  assert.match((await bare()).said, /neither KEY nor HALE_BACKUP_KEY is set/);
  home.env['HALE_BACKUP_KEY'] = key;
  const into = join(elsewhere, 'shop');
  await home.expect(`-C ${elsewhere} restore --house --from file:${vault} --into shop`, 0, /now type:\n +cd shop/);
  assert.deepEqual(readFileSync(join(into, 'web.ts')), readFileSync(join(folder, 'web.ts')));
  assert.ok(existsSync(join(into, '.hale', 'journal.db')) && !existsSync(join(into, '.hale', 'checkpoint.json')));
  await home.expect(`-C ${elsewhere} restore --house --from file:${vault} --into shop`, 1, /is not empty/);
  await home.expect(
    `-C ${elsewhere} restore --house --from file:${elsewhere}/none --into other`,
    1,
    /there is no house/,
  );
  home.env['KEY'] = key;

  const kept = JSON.parse(readFileSync(join(folder, '.hale', 'measured.json'), 'utf8')) as Measured[];
  assert.deepEqual(
    kept.map(({ kind, ok }) => [kind, ok]),
    [
      ['restore', false],
      ['restore', true],
    ],
  );
  for (const file of filesBelow(vault)) {
    const body = readFileSync(file);
    for (const secret of [canary, key]) assert.ok(!body.includes(secret), `${file} holds a secret`);
  }
});

const pidsOf = ({ replicas }: SystemView) => replicas.map(({ replica, pid }) => [replica, pid]);

function filesBelow(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}
