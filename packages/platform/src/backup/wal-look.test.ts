// Who looks while two put the log there: what is on its way is waited for, what is missing is said, and at once where it is old.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { createMemoryStore } from '@hale/ports/testing';
import { openVault, putSealed } from './vault.ts';
import { lookAtWal } from './wal-look.ts';
import { pieceKey, putSegment } from './wal-shelf.ts';

const segmentBytes = 1024;
const way = [{ timeline: 1, from: 2048n, until: undefined }];

/** A backup has stored segment 3; of segment 2 the receiver has stored what was new in its last round. */
async function ahead() {
  const clock = createVirtualClock();
  const store = createMemoryStore(() => clock.wall());
  const vault = openVault(store);
  const put = (number: bigint) =>
    putSegment(vault, {
      ...{ segment: { timeline: 1, number }, segmentBytes },
      ...{ content: new Uint8Array(segmentBytes), stamp: 0 },
    });
  const piece = pieceKey({ timeline: 1, number: 2n }, segmentBytes, { from: 0, to: 40 });
  await putSealed(vault, piece, { content: new Uint8Array(40) });
  await put(3n);
  /** Looks while time passes; gives what was seen and after how long. */
  const look = async (during: (afterMs: number) => Promise<void> = async () => {}) => {
    const begun = clock.mono();
    let over = false;
    const looking = lookAtWal(vault, way, { segmentBytes, clock }).finally(() => {
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
  return { clock, look, put };
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
