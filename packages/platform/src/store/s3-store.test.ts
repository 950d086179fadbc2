// Two who put one name at one moment: a store answers the second with a conflict, and that is no promise that the first comes through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import { createS3Store } from './s3-store.ts';

/** A bucket that answers each put with the next of `statuses`, and knows the object once `isThere` says so. */
function bucket(statuses: readonly number[], isThere: (puts: number) => boolean) {
  let puts = 0;
  class HeadObjectCommand {}
  class PutObjectCommand {}
  const refuse = (httpStatusCode: number) =>
    Object.assign(new Error('no'), { name: 'ConditionalRequestConflict', $metadata: { httpStatusCode } });
  const client = {
    async send(command: object) {
      if (command instanceof HeadObjectCommand) {
        if (isThere(puts)) return { ContentLength: 1 };
        throw refuse(404);
      }
      const status = statuses[puts++] ?? 409;
      if (status !== 200) throw refuse(status);
      return {};
    },
  };
  const clock = createVirtualClock();
  const store = createS3Store({ HeadObjectCommand, PutObjectCommand } as never, client as never, {
    ...{ bucket: 'vault', prefix: '', lockDays: 0, clock },
  });
  const put = async () => {
    let over = false;
    const putting = store.putIfAbsent('a', new Uint8Array(1)).finally(() => {
      over = true;
    });
    putting.catch(() => {});
    for (let round = 0; !over; round++) {
      assert.ok(round < 1_000, 'it waits for ever');
      await new Promise(setImmediate);
      clock.advance(250);
    }
    return putting;
  };
  return { put, puts: () => puts };
}

test('a conflict with one who was killed over it: it is put after all', async () => {
  const { put, puts } = bucket([409, 409, 200], () => false);
  assert.equal(await put(), 'stored');
  assert.equal(puts(), 3);
});

test('a conflict with one who comes through: it is there', async () => {
  const { put } = bucket([409], (puts) => puts >= 1);
  assert.equal(await put(), 'there');
});

test('a conflict that does not end is an error, to be tried again', async () => {
  await assert.rejects(bucket([], () => false).put(), { code: 'HALE_PLATFORM_STORE_DOWN', retriable: true });
});
