// Who looks while two put the log there: what is on its way is waited for, what is missing is said, and at once where it is old.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import type { ObjectStore } from '@hale/ports';
import { createMemoryStore, type MemoryStore } from '@hale/ports/testing';
import type { Stretch } from './timeline.ts';
import { openVault, putSealed } from './vault.ts';
import { lookAtWal } from './wal-look.ts';
import { pieceKey, putSegment, segmentKey } from './wal-shelf.ts';

const segmentBytes = 1024;
const way = [{ timeline: 1, from: 2048n, until: undefined }];

/** A backup has stored segment 3; of segment 2 the receiver has stored what was new in its last round. */
async function ahead(wrap: (store: MemoryStore) => ObjectStore = (store) => store) {
  const clock = createVirtualClock();
  const store = createMemoryStore(() => clock.wall());
  const vault = openVault(wrap(store));
  const put = (number: bigint, timeline = 1) =>
    putSegment(vault, {
      ...{ segment: { timeline, number }, segmentBytes },
      ...{ content: new Uint8Array(segmentBytes), stamp: 0 },
    });
  const piece = pieceKey({ timeline: 1, number: 2n }, segmentBytes, { from: 0, to: 40 });
  await putSealed(vault, piece, { content: new Uint8Array(40) });
  /** Looks while time passes; gives what was seen and after how long. */
  const look = async (during: (afterMs: number) => Promise<void> = async () => {}, along: readonly Stretch[] = way) => {
    const begun = clock.mono();
    let over = false;
    const looking = lookAtWal(vault, along, { segmentBytes, clock }).finally(() => {
      over = true;
    });
    for (let round = 0; !over; round++) {
      assert.ok(round < 1_000, 'it looks for ever');
      await new Promise(setImmediate);
      if (over) break;
      await during(clock.mono() - begun);
      clock.advance(50);
    }
    return { plan: await looking, ms: clock.mono() - begun };
  };
  await put(3n);
  return { clock, store, vault, look, put };
}

test('the end of a segment that is still on its way is no hole', async () => {
  const { look, put } = await ahead();
  let isPut = false;
  const { plan } = await look(async (ms) => {
    if (ms < 900 || isPut) return;
    isPut = true;
    await put(2n);
  });
  assert.equal(plan.hole, undefined);
  assert.equal(plan.end, 4096n);
});

test('what does not come is a hole after ten seconds, and at once where it is older', async () => {
  const { clock, look } = await ahead();
  const young = await look();
  assert.equal(young.plan.hole?.filled, 40);
  assert.ok(young.ms >= 9_500 && young.ms <= 10_500, `${young.ms} ms`);
  clock.advance(60_000);
  const old = await look();
  assert.equal(old.plan.hole?.filled, 40);
  assert.ok(old.ms < 250, `${old.ms} ms`);
});

test('the end of the log is not waited for', async () => {
  const { look, put } = await ahead();
  await put(2n);
  const { plan, ms } = await look();
  assert.equal(plan.hole, undefined);
  assert.ok(ms < 250, `${ms} ms`);
});

test('what an abandoned line wrote further on long ago does not make a young gap old', async () => {
  const { clock, vault, look, put } = await ahead();
  clock.advance(3_600_000);
  // Restored to a moment within segment 1: the new line has begun, a backup of it is ahead of the receiver.
  const along = [
    { timeline: 1, from: 1024n, until: 1500n },
    { timeline: 2, from: 1500n, until: undefined },
  ];
  const content = new Uint8Array(500);
  await putSealed(vault, pieceKey({ timeline: 2, number: 1n }, segmentBytes, { from: 0, to: 500 }), { content });
  await put(2n, 2);
  let isPut = false;
  const { plan } = await look(async (ms) => {
    if (ms < 900 || isPut) return;
    isPut = true;
    await put(1n, 2);
  }, along);
  assert.equal(plan.hole, undefined);
  assert.equal(plan.end, 3072n);
});

test('pieces that give way to the whole segment between two pages of the list', async () => {
  let isTidied = false;
  const { store, vault, look, put } = await ahead((under) => ({
    ...under,
    async list(prefix, page) {
      const key = segmentKey({ timeline: 1, number: 2n }, segmentBytes);
      // The name of the whole would have been on the page before.
      if (page?.after?.startsWith(`${key}.`) && !isTidied) {
        isTidied = true;
        await put(2n);
        for (const name of [...under.objects.keys()]) if (name.startsWith(`${key}.`)) under.objects.delete(name);
      }
      return under.list(prefix, { ...page, limit: 1 });
    },
  }));
  await store.delete(segmentKey({ timeline: 1, number: 3n }, segmentBytes));
  const more = pieceKey({ timeline: 1, number: 2n }, segmentBytes, { from: 40, to: 80 });
  await putSealed(vault, more, { content: new Uint8Array(40) });
  const { plan } = await look();
  assert.ok(isTidied);
  assert.equal(plan.end, 3072n, 'all of segment 2 is there');
});
