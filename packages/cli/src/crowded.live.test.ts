// Services that take every connection of a cluster, and hold on to it: Hale goes on asking, hands over when the primary is killed, and
// condemns nobody. And a cluster that an earlier release made gets its role of services by itself, also in the middle of a failover.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReplicaView, SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { ownUrl, postgresSupport, resourceUrl } from '@hale/platform/postgres';
import type pg from 'pg';
import { openTestHouse, type TestHouse } from './control/testing.ts';
import { connect } from './crowd.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

const nodes = (view: SystemView) => view.replicas.filter((one) => one.unit === 'db');
const primaryOf = (view: SystemView) => nodes(view).find((one) => one.database === 'primary');
const isWhole = (view: SystemView) => view.units.find((one) => one.unit === 'db')?.state === 'healthy';

/** Opens connections until there are no more, keeps them, and does so again whenever some break. */
function fill(url: string): { readonly held: () => number; readonly refusals: () => number; leave(): Promise<void> } {
  const held = new Set<pg.Client>();
  let refusals = 0;
  let isOpen = true;
  const filling = (async () => {
    while (isOpen) {
      try {
        const client = await connect(url);
        held.add(client);
        client.on('end', () => held.delete(client));
      } catch (error) {
        if ((error as { code?: string }).code === '53300') refusals++;
        await sleep(20);
      }
    }
  })();
  return {
    held: () => held.size,
    refusals: () => refusals,
    async leave() {
      isOpen = false;
      await filling;
      await Promise.all([...held].map((client) => client.end().catch(() => {})));
    },
  };
}

describe('a cluster whose services take every connection', { skip }, () => {
  let house: TestHouse;
  const resources = { db: buildPostgres({ standbys: 2 }) };
  const urls = () => ({
    service: resourceUrl({ root: house.root, resources }, 'db') as string,
    own: ownUrl({ root: house.root, resources }, 'db', 'services') as string,
  });
  const ask = async <T>(url: string, text: string) => {
    const client = await connect(url);
    try {
      return (await client.query(text)).rows as T[];
    } finally {
      await client.end();
    }
  };
  const whole = () => house.untilView('a whole cluster', isWhole);

  before(async () => {
    house = await openTestHouse({
      parts: (root) => ({
        zones: ['a', 'b', 'c'],
        resources: [resources.db],
        services: [buildWorker({ program: { kind: 'command', argv: ['sleep', '100000'] }, cwd: root, uses: ['db'] })],
      }),
    });
    await whole();
    await ask(urls().service, 'create table ledger (id bigint primary key)');
  });
  after(() => house?.close());

  test('Hale asks on, condemns nobody, and a failover takes place', async () => {
    const before = primaryOf(await whole()) as ReplicaView;
    const pids = new Map(nodes(await whole()).map((one) => [one.replica, one.pid]));
    const guests = fill(urls().service);
    try {
      await house.until('no connection to be left', () => guests.refusals() > 3);
      // Hale's own line to the primary, by when it asked last.
      const asked = new Set<string>();
      await house.until('five questions of Hale’s', async () => {
        const text = "select query_start::text as at from pg_stat_activity where application_name = 'hale'";
        for (const { at } of await ask<{ at: string }>(urls().own, text)) asked.add(at);
        return asked.size > 5;
      });
      const calm = await whole();
      assert.deepEqual(new Map(nodes(calm).map((one) => [one.replica, one.pid])), pids);
      assert.deepEqual(
        calm.incidents.filter(({ outcome }) => outcome === 'open'),
        [],
      );

      const had = guests.refusals();
      process.kill(before.pid as number, 'SIGKILL');
      await house.untilView(
        'another primary',
        (view) => ![undefined, before.replica].includes(primaryOf(view)?.replica),
      );
      await house.until('that one to be full', () => guests.refusals() > had + 3 && guests.held() > 80);
      const after = await whole();
      for (const { replica, pid } of nodes(after))
        if (replica !== before.replica) assert.equal(pid, pids.get(replica), `${replica} was not at fault`);
      // One at a time may get in, where a connection of Hale's has just ended; then there is none again.
      const then = guests.refusals();
      await house.until('no connection to be left to services', () => guests.refusals() > then);
      assert.deepEqual(await ask(urls().own, 'select 1 as one'), [{ one: 1 }]);
    } finally {
      await guests.leave();
    }
    assert.deepEqual(await ask(urls().service, 'select count(*)::int as n from ledger'), [{ n: 0 }]);
  });

  test('what an earlier release made is taken over by whoever is the primary next', async () => {
    const before = primaryOf(await whole()) as ReplicaView;
    await ask(urls().own, 'alter database app owner to hale');
    await ask(urls().own, 'reassign owned by hale_service to hale; drop owned by hale_service; drop role hale_service');
    await assert.rejects(ask(urls().service, 'select 1'), { code: '28P01' });
    process.kill(before.pid as number, 'SIGKILL');
    await house.untilView('another primary', (view) => ![undefined, before.replica].includes(primaryOf(view)?.replica));
    await house.until('the services to be let in', () =>
      ask(urls().service, 'alter table ledger add column more int').then(
        () => true,
        () => false,
      ),
    );
    await whole();
    await assert.rejects(ask(urls().service, "alter system set work_mem = '1GB'"), { code: '42501' });
  });
});
