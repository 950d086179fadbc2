// The clerk for real: what a client was told is committed is in the store after the database was killed and burned, a table that was
// dropped comes back from the moment before, and a promotion is followed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMemoryStore } from '@hale/ports/testing';
import { postgresSupport } from '../postgres/support.ts';
import { createFileStore } from '../store/file-store.ts';
import { openYard, type Yard } from './backup-rig.ts';
import { takeBackup } from './base-backup.ts';
import { drainSpool } from './drain.ts';
import { restore } from './restore.ts';
import { planRestore } from './restore-plan.ts';
import type { Target } from './target.ts';
import { openVault, type Vault } from './vault.ts';
import { type ReceiverOrder, startWalReceiver, type WalReceiver } from './wal-receiver.ts';

const support = await postgresSupport();
const skip = support.ok || process.env['HALE_REQUIRE_REAL'] === '1' ? false : `${support.how}: ${support.hint}`;

function receive(yard: Yard, vault: Vault, more: Partial<ReceiverOrder> = {}): WalReceiver {
  return startWalReceiver({
    ...{
      url: yard.url(),
      vault,
      spool: join(yard.root, 'spool'),
      slot: 'hale_backup',
      name: 'hale_wal',
      clock: yard.clock,
    },
    ...{ uploadEveryMs: 100, ...more },
  });
}

async function bringBack(yard: Yard, vault: Vault, target: Target) {
  await yard.kill();
  rmSync(yard.pgdata, { recursive: true, force: true });
  const { clock, engine } = yard;
  const restored = await restore({ vault, target, folder: yard.pgdata, engine, clock });
  await yard.start();
  return restored;
}

test('point in time: the dropped table is back, with all that was in it; then on, over the promotion', {
  skip,
}, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  await yard.query('create table notes (id int primary key, text text)');
  const vault = openVault(createFileStore(join(yard.root, 'vault')));
  let receiver = receive(yard, vault);
  t.after(() => receiver.stop());
  await yard.until('it streams', () => receiver.status().state === 'streaming');
  const { id } = await takeBackup({ url: yard.url(), vault, clock: yard.clock });
  await yard.query('insert into notes select n, md5(n::text) from generate_series(1, 5000) n');
  const before = yard.clock.wall();
  await yard.until('the store is complete beyond it', () => receiver.status().completeUntil > before + 20);
  await yard.query('drop table notes');
  await yard.query('create table after_it (x int)');
  const dropped = yard.clock.wall();
  await yard.until('the store is complete', () => receiver.status().completeUntil > dropped);
  // The newest of all, and of a line that is about to be left.
  await takeBackup({ url: yard.url(), vault, clock: yard.clock });
  await receiver.stop();

  const restored = await bringBack(yard, vault, { kind: 'time', at: before + 10 });
  assert.equal(restored.timeline, 2);
  assert.equal((await yard.query('select count(*)::int as n from notes')).rows[0].n, 5000);
  assert.equal((await yard.query("select to_regclass('after_it') as x")).rows[0].x, null);

  // The clerk finds a promoted server: its line left ours in the middle of what we have.
  receiver = receive(yard, vault);
  await yard.query('insert into notes values (9001, $1)', ['after the restore']);
  const written = yard.clock.wall();
  await yard.until('it followed', () => receiver.status().timeline === 2 && receiver.status().completeUntil > written);
  await receiver.stop();
  const again = await bringBack(yard, vault, { kind: 'latest' });
  assert.equal(again.timeline, 3);
  assert.equal((await yard.query('select count(*)::int as n from notes')).rows[0].n, 5001);

  // Back to the beginning: the number of a timeline that was used already is not used again.
  const first = await bringBack(yard, vault, { kind: 'backup', id });
  assert.equal(first.timeline, 3);
  assert.equal((await yard.query('select count(*)::int as n from notes')).rows[0].n, 0);
});

test('RPO 0: killed and burned again and again, and nothing that was acknowledged is lost', { skip }, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  await yard.query('create table ledger (id int primary key)');
  const vault = openVault(createFileStore(join(yard.root, 'vault')));
  await takeBackup({ url: yard.url(), vault, clock: yard.clock });
  let next = 1;
  const acknowledged: number[] = [];
  for (let round = 0; round < 2; round++) {
    const receiver = receive(yard, vault);
    t.after(() => receiver.stop());
    await yard.until('it streams', () => receiver.status().state === 'streaming');
    await yard.query("alter system set synchronous_standby_names = 'hale_wal'");
    await yard.query('select pg_reload_conf()');
    const isSync = "select 1 from pg_stat_replication where application_name = 'hale_wal' and sync_state = 'sync'";
    await yard.until('it is the synchronous one', async () => ((await yard.query(isSync)).rowCount ?? 0) > 0);
    const goal = acknowledged.length + 150;
    const clients = [1, 2, 3].map(async () => {
      const client = await yard.client();
      try {
        for (;;) {
          const id = next++;
          await client.query('insert into ledger values ($1)', [id]);
          acknowledged.push(id);
        }
      } catch {
        // Killed in the middle: that one was not acknowledged, and may be there or not.
      }
    });
    await yard.until('enough was written', () => acknowledged.length > goal);
    await yard.kill();
    await Promise.all(clients);
    await receiver.stop();
    await drainSpool(vault, join(yard.root, 'spool'));
    await bringBack(yard, vault, { kind: 'latest' });
    const { rows } = await yard.query('select id from ledger');
    const there = new Set(rows.map((row) => row.id as number));
    assert.deepEqual(
      acknowledged.filter((id) => !there.has(id)),
      [],
      `lost in round ${round}`,
    );
  }
});

test('a store that is down: nothing told is dropped, the spool is bounded, and it goes on by itself', {
  skip,
}, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  await yard.query('create table notes (id serial primary key, text text)');
  const store = createMemoryStore(() => yard.clock.wall());
  const vault = openVault(store);
  await takeBackup({ url: yard.url(), vault, clock: yard.clock });
  store.setDown(true);
  const bound = 20 * 1024 * 1024;
  const receiver = receive(yard, vault, { spoolBytesMax: bound });
  t.after(() => receiver.stop());
  await yard.until('it streams', () => receiver.status().state === 'streaming');
  for (let i = 0; i < 3; i++) {
    await yard.query('insert into notes (text) select repeat(md5(random()::text), 32) from generate_series(1, 8000)');
  }
  await yard.until('it is full', () => receiver.status().state === 'full');
  assert.match(receiver.status().storeTrouble, /does not answer/);
  assert.ok(receiver.status().lagBytes <= bound, `${receiver.status().lagBytes} bytes in the spool`);
  assert.equal((await yard.query('select 1')).rowCount, 1, 'the database goes on');
  store.setDown(false);
  const now = yard.clock.wall();
  await yard.until('it caught up', () => receiver.status().completeUntil > now);
  assert.equal(receiver.status().storeTrouble, '');
  await receiver.stop();
  await bringBack(yard, vault, { kind: 'latest' });
  assert.equal((await yard.query('select count(*)::int as n from notes')).rows[0].n, 24_000);
});

test('a backup stores its own log ahead of the receiver, and whoever looks meanwhile finds no hole', {
  skip,
}, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  const vault = openVault(createMemoryStore(() => yard.clock.wall()));
  // As slow as it is in a system: between two of its rounds several backups are taken.
  const receiver = receive(yard, vault, { uploadEveryMs: 1_000 });
  t.after(() => receiver.stop());
  await yard.until('it streams', () => receiver.status().state === 'streaming');
  await yard.query('create table notes (id int)');
  const backUp = () => takeBackup({ url: yard.url(), vault, clock: yard.clock });
  await backUp();
  let isTaking = true;
  const taking = (async () => {
    for (let n = 0; n < 8; n++) {
      await yard.query('insert into notes values (1)');
      await backUp();
    }
  })().finally(() => {
    isTaking = false;
  });
  let looks = 0;
  while (isTaking) {
    const { completeUntil } = await planRestore(
      vault,
      { kind: 'latest' },
      { major: yard.engine.major, clock: yard.clock },
    );
    assert.ok(completeUntil > 0);
    looks++;
  }
  await taking;
  // Before its folder goes: what is asked for after a test is done in the order in which it was asked for.
  await receiver.stop();
  assert.ok(looks > 2, `looked ${looks} times`);
});

test('a host that vanishes without a word is dialed anew, and the log goes on', { skip }, async (t) => {
  const yard = await openYard();
  t.after(() => yard.dispose());
  await yard.start();
  await yard.query('create table notes (id int)');
  // A wire of its own to the server; what goes over it is lost from one moment on, and whoever calls again gets through.
  const { port } = new URL(yard.url());
  const ends = new Set<Socket>();
  let isLost = new WeakSet<Socket>();
  const wire = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(from);
      from.on('error', () => {});
      from.on('data', (bytes) => isLost.has(from) || to.write(bytes));
      from.on('close', () => isLost.has(from) || to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(wire, 'listening');
  t.after(() => {
    wire.close();
    for (const end of ends) end.destroy();
  });
  const url = new URL(yard.url());
  url.port = String((wire.address() as { port: number }).port);
  const vault = openVault(createMemoryStore(() => yard.clock.wall()));
  const receiver = receive(yard, vault, { url: url.href, silentMs: 2_000 });
  t.after(() => receiver.stop());
  await yard.until('it streams', () => receiver.status().state === 'streaming');
  isLost = new WeakSet(ends);
  await yard.query('insert into notes values (1)');
  await yard.until('the silence is told', () => /nothing was heard for 2000 ms/.test(receiver.status().serverTrouble));
  const now = yard.clock.wall();
  await yard.until('the store is complete', () => receiver.status().completeUntil > now);
  assert.equal(receiver.status().serverTrouble, '');
});
