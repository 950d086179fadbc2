// A slot whose sender stands still, on a real server: the node that it sent to is gone, the sender neither notices nor hears that it is to end, and the
// node's next copy needs the slot.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSystemClock } from '@hale/base';
import { copyCluster } from './copy/copy.ts';
import { buildHouse, eventually } from './copy/house.ts';
import { reserveLog } from './node-slots.ts';
import { findRunAs } from './run-as.ts';
import { postgresSupport } from './support.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

interface Slot {
  readonly pid: number | null;
  readonly keeps: boolean;
}

test('the sender of a slot is stopped: it is woken and ended, and the slot is made anew', { skip }, async (t) => {
  const house = await buildHouse();
  t.after(() => house.close());
  const primary = await house.primary('a');
  const standby = await house.node('b');
  const clock = createSystemClock();
  const slot = async () =>
    (
      await primary.query<Slot & Record<string, unknown>>(
        `select active_pid as pid, restart_lsn is not null as keeps from pg_replication_slots where slot_name = 'hale_1'`,
      )
    )[0];

  await reserveLog(primary.source, 1, clock);
  const runAs = await findRunAs();
  const owner = runAs.kind === 'user' ? { owner: { uid: runAs.uid, gid: runAs.gid } } : {};
  await copyCluster(primary.source, standby.pgdata, owner);
  standby.follow(primary);
  appendFileSync(join(standby.pgdata, 'postgresql.auto.conf'), `primary_slot_name = 'hale_1'\n`);
  await standby.start();
  await eventually('it receives', async () => typeof (await slot())?.pid === 'number');
  const sender = (await slot())?.pid as number;
  process.kill(sender, 'SIGSTOP');
  await standby.end('SIGKILL');
  assert.equal((await slot())?.pid, sender, 'it holds the slot of a node that is gone');

  await reserveLog(primary.source, 1, clock);
  assert.deepEqual(await slot(), { pid: null, keeps: true });
  // Twice: whoever broke off before the copy comes back.
  await reserveLog(primary.source, 1, clock);
  assert.deepEqual(await slot(), { pid: null, keeps: true });
  // It lets go of the slot before it ends, and is there until its postmaster has noticed.
  await eventually('the sender is gone', async () => !isThere(sender));
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
