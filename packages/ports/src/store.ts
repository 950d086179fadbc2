// The vault behind the house: a place that keeps objects by name and outlives the machine. An object is put there once and
// never written over; what is inside it is nobody's business here. Adapters: a folder, S3, Azure; a twin in memory.
// It keeps no order but that of names and knows no transactions: whoever needs one writes the deciding object last.

export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** When it was put there, by the store's clock (Unix ms). */
  readonly storedAt: number;
}

export interface ListPage {
  readonly objects: readonly StoredObject[];
  /** Give it as `after` to go on; undefined: that was all. */
  readonly next: string | undefined;
}

export interface ByteRange {
  readonly from: number;
  /** Exclusive; beyond the end is the end. */
  readonly to: number;
}

/** What a store says it can do about attackers and mistakes. 'unknown': it does not say, or we may not ask. */
export interface StoreCapabilities {
  /** A deleted or overwritten object can be brought back. */
  readonly versioning: boolean | 'unknown';
  /** An object can be made undeletable for a time. */
  readonly objectLock: boolean | 'unknown';
  /** Why not or why unknown, in one sentence; '' when all is well. */
  readonly note: string;
}

export interface ObjectStore {
  /** What to call it in a message: its URL, never with a secret in it. */
  readonly url: string;
  capabilities(): Promise<StoreCapabilities>;
  /** Puts `body` there unless an object of that name exists; which is then left as it is. Durable when it resolves. */
  putIfAbsent(key: string, body: Uint8Array): Promise<'stored' | 'there'>;
  /** The bytes in pieces, in order; undefined where there is no such object. Read them, or break off: what is never read stays open. */
  get(key: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>;
  head(key: string): Promise<StoredObject | undefined>;
  /** Objects whose key begins with `prefix`, sorted by key, those after `after` only. At most 1000 a page unless `limit` says less. */
  list(prefix: string, page?: { readonly after?: string | undefined; readonly limit?: number }): Promise<ListPage>;
  /** Takes it away; no such object is no error. */
  delete(key: string): Promise<void>;
}

/** Keys are parts of letters, digits and ._=- with `/` between: every store can spell them, and none of them leads elsewhere. */
export function isStoreKey(key: string): boolean {
  return key.length <= 512 && key.split('/').every((part) => /^[A-Za-z0-9_=-][A-Za-z0-9._=-]*$/.test(part));
}

/** The same store seen from inside a folder of it. */
export function scopeStore(store: ObjectStore, folder: string): ObjectStore {
  const inside = (key: string) => `${folder}/${key}`;
  const outside = (object: StoredObject) => ({ ...object, key: object.key.slice(folder.length + 1) });
  return {
    url: `${store.url.replace(/\/$/, '')}/${folder}`,
    capabilities: () => store.capabilities(),
    putIfAbsent: (key, body) => store.putIfAbsent(inside(key), body),
    get: (key, range) => store.get(inside(key), range),
    async head(key) {
      const found = await store.head(inside(key));
      return found && outside(found);
    },
    async list(prefix, page = {}) {
      const after = page.after === undefined ? {} : { after: inside(page.after) };
      const listed = await store.list(inside(prefix), { ...page, ...after });
      return {
        objects: listed.objects.map(outside),
        next: listed.next === undefined ? undefined : listed.next.slice(folder.length + 1),
      };
    },
    delete: (key) => store.delete(inside(key)),
  };
}

/** Every object below `prefix`, page after page. */
export async function* listAll(store: ObjectStore, prefix: string): AsyncGenerator<StoredObject> {
  let after: string | undefined;
  do {
    const page: ListPage = await store.list(prefix, { after });
    yield* page.objects;
    after = page.next;
  } while (after !== undefined);
}

/** A whole object in one piece; undefined where there is none. For objects that are known to be small enough. */
export async function getWhole(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  const body = await store.get(key);
  if (body === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
