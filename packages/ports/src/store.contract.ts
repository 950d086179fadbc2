// What every object store must do, whatever it is made of: one body, run over a folder, S3, Azure and the twin in memory.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getWhole, listAll, type ObjectStore, scopeStore } from './store.ts';

export interface StoreBench {
  /** A new, empty store. */
  open(): Promise<{ readonly store: ObjectStore; dispose(): Promise<void> | void }>;
  /** Why it cannot be opened here; undefined: it can. */
  readonly skip?: string | undefined;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined) => (body === undefined ? undefined : new TextDecoder().decode(body));

async function collect(body: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> {
  if (body === undefined) return undefined;
  const decoder = new TextDecoder();
  let all = '';
  for await (const piece of body) all += decoder.decode(piece, { stream: true });
  return all + decoder.decode();
}

async function keysOf(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of listAll(store, prefix)) keys.push(key);
  return keys;
}

/** Registers the tests of the contract under `name`. */
export function storeContract(name: string, bench: StoreBench): void {
  const check = (title: string, body: (store: ObjectStore) => Promise<void>) =>
    it(title, { skip: bench.skip ?? false }, async () => {
      const { store, dispose } = await bench.open();
      try {
        await body(store);
      } finally {
        await dispose();
      }
    });

  describe(`object store contract: ${name}`, () => {
    check('what is put is got back, whole and in part', async (store) => {
      assert.equal(await store.putIfAbsent('a/one', bytes('0123456789')), 'stored');
      assert.equal(text(await getWhole(store, 'a/one')), '0123456789');
      assert.equal(await collect(await store.get('a/one', { from: 2, to: 5 })), '234');
      assert.equal(await collect(await store.get('a/one', { from: 8, to: 99 })), '89');
      const head = await store.head('a/one');
      assert.deepEqual({ key: head?.key, size: head?.size }, { key: 'a/one', size: 10 });
      assert.ok((head?.storedAt ?? 0) > 1_000_000_000_000);
    });

    check('what is not there is undefined, and taking it away is no error', async (store) => {
      assert.equal(await store.get('none'), undefined);
      assert.equal(await store.get('none', { from: 0, to: 1 }), undefined);
      assert.equal(await store.head('none'), undefined);
      await store.delete('none');
      assert.deepEqual(await store.list('none'), { objects: [], next: undefined });
    });

    check('an object is never written over', async (store) => {
      assert.equal(await store.putIfAbsent('a', bytes('first')), 'stored');
      assert.equal(await store.putIfAbsent('a', bytes('second')), 'there');
      assert.equal(text(await getWhole(store, 'a')), 'first');
    });

    check('of many who put the same name at once, one wins and the others are told', async (store) => {
      const body = new Uint8Array(100_000).fill(7);
      const said = await Promise.all(Array.from({ length: 8 }, () => store.putIfAbsent('same', body)));
      assert.ok(said.includes('stored'), said.join());
      assert.deepEqual(await getWhole(store, 'same').then((got) => got?.length), body.length);
    });

    check('an empty object is an object', async (store) => {
      assert.equal(await store.putIfAbsent('empty', new Uint8Array(0)), 'stored');
      assert.equal((await store.head('empty'))?.size, 0);
      assert.equal((await getWhole(store, 'empty'))?.length, 0);
      assert.equal(await store.putIfAbsent('empty', bytes('x')), 'there');
    });

    check('a large body comes back byte for byte', async (store) => {
      const body = new Uint8Array(3_000_001);
      for (let index = 0; index < body.length; index++) body[index] = (index * 31 + (index >> 8)) & 255;
      await store.putIfAbsent('large', body);
      const got = await getWhole(store, 'large');
      assert.equal(got?.length, body.length);
      assert.ok(Buffer.from(body).equals(got ?? new Uint8Array(0)));
    });

    check('lists by prefix, in order, page after page', async (store) => {
      const keys = ['w/1', 'w/2', 'w/3/x', 'w/4', 'wide', 'v/1'];
      for (const key of [...keys].reverse()) await store.putIfAbsent(key, bytes(key));
      const first = await store.list('w/', { limit: 2 });
      assert.deepEqual(
        first.objects.map((object) => [object.key, object.size]),
        [
          ['w/1', 3],
          ['w/2', 3],
        ],
      );
      const rest = await store.list('w/', { after: first.next, limit: 10 });
      assert.deepEqual(
        rest.objects.map((object) => object.key),
        ['w/3/x', 'w/4'],
      );
      assert.equal(rest.next, undefined);
      const all = await keysOf(store, '');
      assert.deepEqual(all, [...keys].sort());
      const prefix = await keysOf(store, 'w');
      assert.deepEqual(prefix, ['w/1', 'w/2', 'w/3/x', 'w/4', 'wide']);
    });

    check('what is taken away is gone, and its name is free', async (store) => {
      await store.putIfAbsent('a', bytes('first'));
      await store.delete('a');
      assert.equal(await store.head('a'), undefined);
      assert.equal(await store.putIfAbsent('a', bytes('second')), 'stored');
      assert.equal(text(await getWhole(store, 'a')), 'second');
    });

    check('seen from inside a folder, nothing outside exists', async (store) => {
      const inner = scopeStore(store, 'house/db');
      await store.putIfAbsent('house/other', bytes('o'));
      await inner.putIfAbsent('x/1', bytes('1'));
      assert.equal(text(await getWhole(store, 'house/db/x/1')), '1');
      assert.deepEqual(await keysOf(inner, ''), ['x/1']);
      assert.equal((await inner.head('x/1'))?.key, 'x/1');
      await inner.delete('x/1');
      assert.deepEqual(await keysOf(store, ''), ['house/other']);
    });

    check('a name that leads elsewhere is refused', async (store) => {
      for (const key of ['../up', 'a/../b', '/abs', 'a//b', '', 'a\\b', 'sp ace', '.hidden']) {
        await assert.rejects(store.putIfAbsent(key, bytes('x')), { code: 'HALE_PLATFORM_STORE_KEY' }, key);
      }
    });

    check('it says what it can do', async (store) => {
      const can = await store.capabilities();
      assert.ok([true, false, 'unknown'].includes(can.versioning));
      assert.ok([true, false, 'unknown'].includes(can.objectLock));
    });
  });
}
