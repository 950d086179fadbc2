// Real relays on inherited sockets: who is led where, who waits, who is cut, and what a plain pg client sees of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import pg from 'pg';
import { until } from '../gateway/worker-rig.ts';
import { createRelayRig, type Guest } from './relay-rig.ts';

const hears = (guest: Guest, text: string) => until(() => guest.heard.includes(text), `'${text}' is heard`);
const closes = (guest: Guest) => until(() => guest.isClosed, 'the connection is closed');

test('led to the primary, cut at a higher term, held while there is none; a lower term is not believed', async (t) => {
  const rig = await createRelayRig(t);
  const [one, two] = [await rig.node(1), await rig.node(2)];
  const early = await rig.guest();
  early.say('early');
  rig.publish({ term: 1, primary: one.at });
  await hears(early, '1:early');

  // The first stands on a deposed primary, which goes on listening.
  rig.publish({ term: 2, primary: two.at });
  await closes(early);
  await until(() => one.sockets.size === 0, 'the node was told too');
  const late = await rig.guest();
  late.say('late');
  await hears(late, '2:late');

  rig.publish({ term: 1, primary: one.at });
  rig.publish({ term: 2, primary: two.at, readers: [one.at] });
  await until(() => rig.stats().databases['db']?.primary?.includes(String(two.at.port)) === true, 'the tally says so');
  late.say('still');
  await hears(late, '2:still');

  // Fenced: the same term, nobody in charge.
  rig.publish({ term: 2 });
  await closes(late);
  const held = await rig.guest();
  held.say('held');
  await until(() => rig.stats().databases['db']?.waiting === 1, 'it is held');
  rig.publish({ term: 3, primary: one.at });
  await hears(held, '1:held');
  const { totals } = rig.stats();
  assert.deepEqual([totals.cut, totals.refused], [2, 0]);
});

test('a primary that refuses is knocked on until it opens, and then all who wait are let in', async (t) => {
  // A thousand may take longer to arrive than anybody is held by default.
  const rig = await createRelayRig(t, { holdMs: 60_000 });
  const one = await rig.node(1);
  await one.close();
  const begunMs = performance.now();
  rig.publish({ term: 1, primary: one.at });
  const crowd = await Promise.all(Array.from({ length: 1_000 }, () => rig.guest()));
  for (const [index, guest] of crowd.entries()) guest.say(`g${index}`);
  await until(() => (rig.stats().databases['db']?.waiting ?? 0) >= 999, 'they wait');
  // The line holds a thousand; who comes now is told so, in words.
  const more = await Promise.all(Array.from({ length: 3 }, () => rig.guest()));
  for (const guest of more) guest.socket.write(startup());
  await Promise.all(more.slice(1).map(closes));
  assert.match(more[2]!.heard, /^E.*C57P03.*no primary of database db/s);
  const { failedTries } = rig.stats().totals;
  // One every 25 ms, however long the crowd takes to arrive; and each may have tried once, before the first of them was refused.
  const knocksMax = crowd.length + (performance.now() - begunMs) / 25;
  assert.ok(failedTries <= knocksMax, `one knocks for all: ${failedTries} tries, at most ${knocksMax}`);
  await one.reopen();
  await until(() => crowd.every((guest, index) => guest.heard === `1:g${index}\n`), 'all are served, each his own');
});

test('readers: fewest first, one that refuses is passed over, one that leaves loses its guests, the primary at last', async (t) => {
  const rig = await createRelayRig(t);
  const [one, two, three] = [await rig.node(1), await rig.node(2), await rig.node(3)];
  rig.publish({ term: 1, primary: one.at, readers: [two.at, three.at] });
  const enter = async () => {
    const guest = await rig.guest(rig.readPort);
    guest.say('?');
    await hears(guest, '?');
    return guest;
  };
  await until(() => rig.stats().databases['db']?.term === 1, 'the table is known');
  const guests = [await enter(), await enter(), await enter(), await enter()];
  assert.deepEqual([two.sockets.size, three.sockets.size], [2, 2]);
  await three.close();
  assert.equal((await enter()).heard, '2:?\n');
  rig.publish({ term: 1, primary: one.at, readers: [] });
  await Promise.all(guests.map(closes));
  assert.equal((await enter()).heard, '1:?\n');
});

test('a killed relay leaves the socket to the other; one that is told to stop lets its guests finish', async (t) => {
  const rig = await createRelayRig(t, { count: 2, graceMs: 8_000 });
  const one = await rig.node(1);
  rig.publish({ term: 1, primary: one.at });
  rig.relays[0]!.kill('SIGKILL');
  await once(rig.relays[0]!, 'exit');
  const guests = await Promise.all(Array.from({ length: 20 }, () => rig.guest()));
  for (const guest of guests) guest.say('x');
  for (const guest of guests) await hears(guest, '1:x');
  rig.relays[1]!.kill('SIGTERM');
  guests[0]!.say('y');
  await hears(guests[0]!, '1:y');
  for (const guest of guests) guest.socket.end();
  const [code] = await once(rig.relays[1]!, 'exit');
  assert.equal(code, 0);
});

test('after its grace a relay that was told to stop cuts who is left', async (t) => {
  const rig = await createRelayRig(t, { graceMs: 100 });
  const one = await rig.node(1);
  rig.publish({ term: 1, primary: one.at });
  const guest = await rig.guest();
  guest.say('x');
  await hears(guest, '1:x');
  rig.relays[0]!.kill('SIGTERM');
  await closes(guest);
});

test('pg reads why it was sent away, in the clear and after having asked for TLS', async (t) => {
  const rig = await createRelayRig(t, { holdMs: 200 });
  const url = `postgres://u@127.0.0.1:${rig.port}/db`;
  await assert.rejects(ask(url), { code: '57P03', severity: 'FATAL', message: /no primary of database db/ });
  const guest = await rig.guest();
  guest.socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
  await hears(guest, 'N');
  guest.socket.write(startup());
  await closes(guest);
  assert.match(guest.heard, /^NE.*57P03/s);
  assert.equal(rig.stats().v, 1);
});

/** A StartupMessage of protocol 3.0 for user u. */
function startup(): Buffer {
  const words = Buffer.from('\0\x03\0\0user\0u\0\0', 'latin1');
  const length = Buffer.alloc(4);
  length.writeInt32BE(words.length + 4);
  return Buffer.concat([length, words]);
}

async function ask(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => {});
  }
}
