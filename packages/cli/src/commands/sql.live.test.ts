// `hale sql` as it is typed, and what it is for: services work as a role that may not do everything, and a database that an earlier release
// made for the superuser comes over at the next start, which is told once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildPostgres } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import { openTestHome } from '../recovery/house-rig.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

test('what services may not do is typed; what an earlier release made comes over', { skip }, async (t) => {
  const home = openTestHome({ resources: 'db: postgres()' });
  t.after(() => home.close());
  const say = (text: string, ...more: string[]) => home.hale('sql', text, ...more);
  assert.deepEqual(await say('select 1').then(({ code }) => code), 3, 'nothing was started here');
  await home.expect('up --detach --wait', 0, /./);
  const url = resourceUrl({ root: home.folder, resources: { db: buildPostgres() } }, 'db') as string;
  await home.ask(url, 'create table notes as select n from generate_series(1, 3) n');
  await assert.rejects(home.ask(url, 'create extension pg_stat_statements'), { code: '42501' });

  assert.deepEqual(await say('create extension pg_stat_statements'), { code: 0, said: 'done: CREATE\n' });
  assert.match((await say("select 1 as one, null as none, 'a' || chr(10) as text")).said, /^one +none +text\n1 +a/);
  const { answers } = JSON.parse((await say('select n from notes order by n', '--json')).said);
  assert.deepEqual(answers, [{ command: 'SELECT', count: 3, columns: ['n'], rows: [[1], [2], [3]] }]);
  const wrong = await say('selec');
  assert.equal(wrong.code, 1);
  assert.match(wrong.said, /db did not do it: syntax error at or near "selec"[\s\S]*nothing of it was done/);

  await say('alter database app owner to hale; reassign owned by hale_service to hale');
  await home.expect('down', 0, /./);
  await home.expect('up --detach --wait', 0, /./);
  await home.ask(url, 'alter table notes add column more int');
  const said = await home.expect('logs db', 0, /services work as hale_service from their next start on/);
  assert.equal(said.match(/services work as hale_service/g)?.length, 1);
});
