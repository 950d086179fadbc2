// A relay that alone is cut from the primary, with packets that really vanish: nothing is refused or reset, so only the relay itself can find out. The
// primary lives on all the while, and serves whoever reaches it another way. In a network of its own; times are a quarter of what they are in use.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import pg from 'pg';
import { until } from '../gateway/worker-rig.ts';
import { ownRooms } from '../process/own-rooms.ts';
import { createRelayRig, type Guest, type RelayRig } from './relay-rig.ts';

const rooms = await ownRooms('network', import.meta.url);
const times = { silentMs: 2_000, holdMs: 60_000 };

if (rooms.isInside) {
  test('who was with it is cut, newcomers are told so at once, and all is well when the wire is', cutAndMend);
  test('a long question over a good wire is never cut, nor is one that idles', keepWaiting);
  test('readers: one that is silent is passed over', passOver);
} else test('in a network of its own', { skip: rooms.skip }, () => rooms.again());

const hears = (guest: Guest, text: string) => until(() => guest.heard.includes(text), `'${text}' is heard`);
const closes = (guest: Guest) => until(() => guest.isClosed, 'the connection is closed');
const silentOf = (rig: RelayRig) => rig.stats().databases['db']?.silent;

/** Lets no packet to or from `port` through. Gives what mends it. */
function cutWire(port: number): () => void {
  const rules = ['type filter hook output priority 0', `tcp dport ${port} drop`, `tcp sport ${port} drop`];
  const input = `table inet cut {\nchain out {\n${rules.join('\n')}\n}\n}\n`;
  execFileSync('nft', ['-f', '-'], { input });
  return () => void execFileSync('nft', ['delete', 'table', 'inet', 'cut']);
}

type Context = Parameters<typeof createRelayRig>[0];

async function cutAndMend(t: Context): Promise<void> {
  const rig = await createRelayRig(t, times);
  const [one, two] = [await rig.node(1), await rig.node(2)];
  rig.publish({ term: 1, primary: one.at });
  const [asking, idle] = [await rig.guest(), await rig.guest()];
  for (const guest of [asking, idle]) {
    guest.say('hello');
    await hears(guest, '1:hello');
  }
  const mend = cutWire(one.at.port);
  asking.say('into the dark');
  const early = await rig.guest();
  early.socket.write(startup);
  await Promise.all([closes(asking), closes(idle), closes(early)]);
  assert.equal(asking.heard, '1:hello\n');
  assert.match(early.heard, /C57P03.*db\/1, the primary of database db, answers nothing/s, 'who was held is told too');
  await until(() => silentOf(rig)?.join() === 'db/1', 'its tally says so');
  assert.equal(rig.stats().totals.cut, 2);

  // A hold of a minute: who is told within this test was not held.
  const url = `postgres://u@127.0.0.1:${rig.port}/db`;
  const client = new pg.Client({ connectionString: url });
  await assert.rejects(client.connect(), { code: '57P03', severity: 'FATAL', hint: /^hale ps / });

  mend();
  await until(() => silentOf(rig) === undefined, 'it is heard again');
  const after = await rig.guest();
  after.say('again');
  await hears(after, '1:again');

  // Control has another primary meanwhile: nothing of the silence is left.
  cutWire(one.at.port);
  await closes(after);
  rig.publish({ term: 2, primary: two.at });
  const moved = await rig.guest();
  moved.say('moved');
  await hears(moved, '2:moved');
  await until(() => silentOf(rig) === undefined, 'of no concern any more');
  execFileSync('nft', ['flush', 'ruleset']);
}

async function keepWaiting(t: Context): Promise<void> {
  const rig = await createRelayRig(t, { ...times, silentMs: 800 });
  const one = await rig.node(1);
  rig.publish({ term: 1, primary: one.at });
  const [asking, idle] = [await rig.guest(), await rig.guest()];
  for (const guest of [asking, idle]) {
    guest.say('hello');
    await hears(guest, '1:hello');
  }
  one.pause();
  asking.say('take your time');
  const asked = one.visits;
  await until(() => one.visits >= asked + 12, 'the node was asked a dozen times');
  one.resume();
  await hears(asking, 'take your time');
  assert.equal(idle.isClosed, false);
  assert.deepEqual([rig.stats().totals.cut, silentOf(rig)], [0, undefined]);
}

async function passOver(t: Context): Promise<void> {
  const rig = await createRelayRig(t, times);
  const [one, two, three] = [await rig.node(1), await rig.node(2), await rig.node(3)];
  rig.publish({ term: 1, primary: one.at, readers: [two.at, three.at] });
  const guests = [await rig.guest(rig.readPort), await rig.guest(rig.readPort)];
  for (const guest of guests) {
    guest.say('?');
    await hears(guest, '?');
  }
  const [lost, kept] = guests[0]!.heard.startsWith('2') ? guests : guests.toReversed();
  cutWire(two.at.port);
  await closes(lost!);
  for (let i = 0; i < 4; i++) {
    const guest = await rig.guest(rig.readPort);
    guest.say('!');
    await hears(guest, '3:!');
  }
  assert.equal(kept!.isClosed, false);
  execFileSync('nft', ['flush', 'ruleset']);
}

/** A StartupMessage of protocol 3.0 for user u. */
const startup = Buffer.from('\0\0\0\x10\0\x03\0\0user\0u\0\0', 'latin1');
