// A database that somebody else runs, in a system under real control: services wait for it, are told its address, and live on when it
// goes; people are told that it is away, where, and that it is back.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SystemView } from '@hale/model';
import { buildPostgres } from '@hale/model/testing';
import { postgresSupport } from '@hale/platform/postgres';
import { openYard } from '@hale/platform/testing';
import { openTestHouse, pocketService } from './control/testing.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const program = `
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
const told = createHash('sha256').update(process.env.DATABASE_URL ?? '').digest('hex');
createServer((request, response) => response.end(told)).listen(Number(process.env.PORT), '127.0.0.1');
`;

test('it is waited for, told of, missed and welcomed back', { skip }, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  const url = yard.url();
  const { password } = new URL(url);
  await yard.stop();
  const house = await openTestHouse({
    env: { SHOP_DATABASE: url },
    parts(root) {
      writeFileSync(join(root, 'web.mjs'), program);
      const run = { kind: 'module', file: join(root, 'web.mjs') } as const;
      return {
        resources: [buildPostgres({ url: { kind: 'secret', name: 'SHOP_DATABASE' } })],
        services: [pocketService(root, { name: 'web', program: run, uses: ['db'] })],
      };
    },
  });
  t.after(() => house.close());
  const of = (view: SystemView, unit: string) => view.replicas.find((one) => one.unit === unit);
  const openIncident = (view: SystemView) =>
    view.incidents.find((one) => one.unit === 'db' && one.outcome === 'open' && /does not answer/.test(one.title));

  const early = await house.untilView('web waits', (view) => of(view, 'web')?.why === 'waits for db');
  assert.match(
    of(early, 'db')?.why ?? '',
    /^127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED|has not passed yet|to be started/,
  );
  await yard.start();
  const well = await house.untilView('all is well', (view) => view.state === 'healthy');
  const web = of(well, 'web');
  assert.match(of(well, 'db')?.why ?? '', /^PostgreSQL 1\d\.\d+ at 127\.0\.0\.1:\d+$/);
  assert.equal(await (await fetch(`http://127.0.0.1:${web?.port}/`)).text(), digest(url), 'told the declared address');

  await yard.kill();
  const ill = await house.untilView('an incident', (view) => openIncident(view) !== undefined);
  assert.equal(ill.units.find((one) => one.unit === 'db')?.state, 'down');
  assert.equal(of(ill, 'web')?.pid, web?.pid, 'nobody is killed for it');
  await yard.start();
  const again = await house.untilView(
    'all is well again',
    (view) => view.state === 'healthy' && openIncident(view) === undefined,
  );
  assert.equal(of(again, 'web')?.pid, web?.pid);
  for (const text of [JSON.stringify(again), house.log('control'), house.log('keeper')])
    assert.ok(!text.includes(password), 'INV-12');
});
