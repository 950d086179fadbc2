// What the store says in each moment in which somebody may look, or in which all else may burn: between two requests of the postman. He is
// killed there and another one goes on, the database is gone, and it has changed its timeline meanwhile.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { createMemoryStore } from '@hale/ports/testing';
import { openSpool } from './spool.ts';
import { newestTimeline, wayTo } from './timeline.ts';
import { openVault } from './vault.ts';
import { lookAtWal } from './wal-look.ts';
import { stampOfSegment } from './wal-read.ts';
import { putSegment, readHistories } from './wal-shelf.ts';
import { type Claim, createUploader, reaches } from './wal-uploader.ts';

const segmentBytes = 1 << 20;
const mega = BigInt(segmentBytes);
const owner = { systemIdentifier: '7', segmentBytes };
const start = { timeline: 1, from: mega };

/** A spool and a store; `onPut` is called after each object that is put. */
function desk(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'hale-spool-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = createVirtualClock();
  const store = createMemoryStore(() => clock.wall());
  const hooks: { onPut: () => Promise<void> } = { onPut: async () => {} };
  const watched = {
    ...store,
    async putIfAbsent(key: string, body: Uint8Array) {
      const said = await store.putIfAbsent(key, body);
      await hooks.onPut();
      return said;
    },
  };
  const spool = openSpool(folder, owner);
  t.after(() => spool.close());
  const write = (timeline: number, from: bigint, to: bigint, byte = 1) => {
    spool.write(timeline, from, Buffer.alloc(Number(to - from), byte));
    spool.flush();
  };
  /** As far as a restore of all would get, and until when the store says that this is everything. */
  const look = async () => {
    const vault = openVault(store);
    const { ancestors } = await readHistories(vault);
    const way = wayTo(newestTimeline(ancestors, start), ancestors, start) ?? [];
    const plan = await lookAtWal(vault, way, { segmentBytes, clock });
    const stamps = await Promise.all(plan.segments.map((planned) => stampOfSegment(vault, planned)));
    return { hole: plan.hole, end: plan.end, until: Math.max(0, ...stamps.map((stamp) => stamp ?? 0)) };
  };
  const postman = () => createUploader(openVault(watched), spool);
  return { spool, store, hooks, write, look, postman };
}

const claim = (timeline: number, flushed: bigint, at: number): Claim => ({ timeline, flushed, at });

test('over a change of timeline nobody ever sees a hole, or less than there was', async (t) => {
  const { spool, hooks, write, look, postman } = desk(t);
  const fork = 2n * mega + 700_000n;
  const carrier = postman();
  write(1, mega, 2n * mega + 300_000n);
  await carrier.round(claim(1, 2n * mega + 300_000n, 50_000));
  let end = (await look()).end;
  let looks = 0;
  hooks.onPut = async () => {
    const seen = await look();
    assert.equal(seen.hole, undefined);
    assert.ok(seen.end >= end, `${seen.end} after ${end}`);
    assert.equal(seen.until, 50_000);
    end = seen.end;
    looks++;
  };
  // It is told of the new timeline first, then comes the rest of the old one, then the copy of its last segment, in pieces.
  spool.writeHistory(2, Buffer.from(`1\t0/${fork.toString(16)}\tno recovery target specified\n`));
  await carrier.round(undefined);
  write(1, 2n * mega + 300_000n, fork);
  await carrier.round(undefined);
  write(2, 2n * mega, 2n * mega + 100_000n);
  await carrier.round(undefined);
  write(2, 2n * mega + 100_000n, fork + 10n);
  await carrier.round(undefined);
  assert.equal(end, fork + 10n);
  write(2, fork + 10n, 4n * mega + 5n);
  await postman().round(undefined);
  assert.equal(end, 4n * mega + 5n);
  assert.ok(looks >= 6, `${looks} looks`);
});

test('what nobody writes on leaves the box once the store has it: a box may see many failovers', async (t) => {
  const { spool, write, look, postman } = desk(t);
  const carrier = postman();
  for (let timeline = 1; timeline < 6; timeline++) {
    const lines = Array.from(
      { length: timeline - 1 },
      (_, i) => `${i + 1}\t0/${(mega + BigInt(i * 10 + 10)).toString(16)}\tx\n`,
    );
    if (timeline > 1) spool.writeHistory(timeline, Buffer.from(lines.join('')));
    write(timeline, mega, mega + BigInt(timeline * 10 + 5));
    await carrier.round(undefined);
    assert.deepEqual(
      spool.segments().map(({ segment }) => segment.timeline),
      [timeline],
    );
  }
  assert.equal((await look()).end, mega + 55n);
});

test('until when all is there is not forgotten when pieces give way to the whole, and the database is gone', async (t) => {
  for (const how of [
    'by the same one',
    'by one who came after',
    'where a backup has stored the whole before',
  ] as const) {
    const { hooks, store, write, look, postman } = desk(t);
    const carrier = postman();
    write(1, mega, mega + 100n);
    await carrier.round(claim(1, mega + 100n, 20_000));
    await carrier.round(claim(1, mega + 100n, 30_000));
    assert.equal((await look()).until, 30_000);
    write(1, mega + 100n, 2n * mega + 50n);
    const content = Buffer.alloc(segmentBytes, 1);
    if (how === 'where a backup has stored the whole before')
      await putSegment(openVault(store), {
        segment: { timeline: 1, number: 1n },
        content,
        stamp: 10_000,
        segmentBytes,
      });
    hooks.onPut = async () => assert.equal((await look()).until, 30_000, how);
    await (how === 'by one who came after' ? postman() : carrier).round(undefined);
    assert.equal((await look()).until, 30_000, how);
    assert.equal((await look()).end, 2n * mega + 50n);
  }
});

test('a piece that one who was killed put after all says what he knew: the next mark is not held back for it', async (t) => {
  const { spool, store, write, look, postman } = desk(t);
  write(1, mega, mega + 100n);
  let isLate = true;
  const carrier = createUploader(
    openVault({
      ...store,
      async list(prefix, page) {
        const found = await store.list(prefix, page);
        // It comes through just after the list was made.
        if (isLate) await postman().round(undefined);
        isLate = false;
        return found;
      },
    }),
    spool,
  );
  await carrier.round(claim(1, mega + 100n, 9_000));
  await carrier.round(claim(1, mega + 100n, 10_000));
  assert.equal((await look()).until, 10_000);
});

test('a place on the old timeline is no answer to a question about the new one', () => {
  assert.equal(reaches({ timeline: 1, flushed: 900n }, claim(2, 800n, 1)), false);
  assert.equal(reaches({ timeline: 2, flushed: 790n }, claim(2, 800n, 1)), false);
  assert.equal(reaches({ timeline: 2, flushed: 800n }, claim(2, 800n, 1)), true);
});
