// The disk under a database that is alone is full, for real: on a small filesystem of its own, in a mount namespace that nobody else sees and that
// takes the mount away with it. While it serves that is said and nobody is ended; once a restart finds no room it waits, and goes on by itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ReplicaView, SystemView } from '@hale/model';
import { buildPostgres, buildWorker } from '@hale/model/testing';
import { postgresSupport, resourceUrl } from '@hale/platform/postgres';
import { ownRooms } from '@hale/platform/testing';
import pg from 'pg';
import { openTestHouse } from './control/testing.ts';
import { latestRelease } from './system/folder.ts';
import { examineState } from './system/state-check.ts';

const rooms = await ownRooms('mounts', import.meta.url);
const support = await postgresSupport();
const skip = whyNot();
const db = buildPostgres();

function whyNot(): string | false {
  if (!support.ok && process.env['HALE_REQUIRE_REAL'] !== '1') return `${support.how}: ${support.hint}`;
  // Of a user that root hands it to: he may not enter `.hale`.
  return / run as (?!you)/.test(support.how) ? 'its data would lie outside of .hale' : rooms.skip;
}

if (rooms.isInside) test('it is named, nobody is ended for it, and what cannot be started waits for room', fillAndHeal);
else test('in rooms of its own', { skip }, () => rooms.again());

const unitOf = (view: SystemView) => view.units.find(({ unit }) => unit === 'db');
const nodeOf = (view: SystemView) => view.replicas.find(({ unit }) => unit === 'db') as ReplicaView;
const isWell = (view: SystemView) => unitOf(view)?.state === 'healthy';

async function fillAndHeal(): Promise<void> {
  let place = '';
  const house = await openTestHouse({
    parts: (root) => {
      place = join(root, '.hale/data/db');
      mkdirSync(place, { recursive: true, mode: 0o700 });
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128m,mode=0700', 'none', place]);
      const idle = { kind: 'command', argv: ['sleep', '100000'] } as const;
      return { resources: [db], services: [buildWorker({ program: idle, cwd: root, uses: ['db'] })] };
    },
  });
  const ask = async (text: string) => {
    const connectionString = resourceUrl({ root: house.root, resources: { db } }, 'db') as string;
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 15_000 });
    client.on('error', () => {});
    await client.connect();
    return (await client.query(text).finally(() => client.end())).rows;
  };
  const picture = () => house.untilView('a picture', () => true);
  try {
    const { pid } = nodeOf(await house.untilView('a database that serves', isWell));
    await ask('create table ledger as select generate_series(1, 100) as id');
    const giveBack = fill(place);

    const full = await house.untilView('it is said', (view) => unitOf(view)?.state === 'degraded');
    assert.equal(unitOf(full)?.why, 'the disk of db/0 is full');
    assert.match(nodeOf(full).why, /its disk is full$/);
    assert.deepEqual(
      full.incidents.map(({ cause, outcome }) => [cause, outcome]),
      [['disk', 'open']],
    );
    assert.deepEqual(await ask('select count(*)::int as n from ledger'), [{ n: 100 }], 'it is read all the while');
    const doctor = await examineState(latestRelease(house.root)?.spec, {});
    assert.ok(doctor.some(({ verdict, found }) => verdict === 'fail' && /^db\/0: .*its log cannot grow/.test(found)));
    assert.equal(nodeOf(await picture()).pid, pid, 'nobody is ended for it');

    await house.kill(pid);
    const held = await house.untilView('it is held', (view) => unitOf(view)?.state === 'held');
    assert.match(unitOf(held)?.why ?? '', /^db\/0 has no room on its disk/);
    assert.ok(nodeOf(held).restarts <= 1, 'one restart was tried');
    giveBack();
    await house.untilView('it serves again', isWell);
    assert.deepEqual(await ask('select count(*)::int as n from ledger'), [{ n: 100 }]);
    assert.deepEqual(
      (await picture()).incidents.map(({ cause, outcome }) => [cause, outcome]),
      [['disk', 'healed']],
    );
  } finally {
    await house.close().catch(() => {});
    execFileSync('umount', ['-l', place]);
    rmSync(house.root, { recursive: true, force: true });
  }
}

/** Takes all room, also what is given back meanwhile; gives what gives it back. */
function fill(folder: string): () => void {
  const file = openSync(join(folder, 'foreign'), 'a');
  const take = () => {
    const { bavail, bsize } = statfsSync(folder);
    for (let size = Math.max(bavail, 1) * bsize; size >= bsize; size /= 2) {
      try {
        writeSync(file, Buffer.alloc(size));
      } catch {
        // Less may fit.
      }
    }
  };
  take();
  const timer = setInterval(take, 10).unref();
  return () => {
    clearInterval(timer);
    closeSync(file);
    rmSync(join(folder, 'foreign'));
  };
}
