// A vault made of paper: an object store in memory that keeps the contract of the real ones, and whose objects a test may
// scratch, cut or burn, or whose door it may lock.
import { HaleError } from '@hale/base';
import { isStoreKey, type ObjectStore, type StoredObject } from './store.ts';

export interface MemoryStore extends ObjectStore {
  /** The objects themselves: a test may damage them. */
  readonly objects: Map<string, { body: Uint8Array; storedAt: number }>;
  /** From now on nothing answers, or everything does again. */
  setDown(down: boolean): void;
}

export function createMemoryStore(wall: () => number = () => 1_700_000_000_000): MemoryStore {
  const objects: MemoryStore['objects'] = new Map();
  let down = false;
  const answer = (key?: string) => {
    if (down) {
      const code = 'HALE_PLATFORM_STORE_DOWN';
      throw new HaleError({ code, message: 'memory: does not answer', hint: 'setDown(false)', retriable: true });
    }
    if (key !== undefined && !isStoreKey(key)) {
      const code = 'HALE_PLATFORM_STORE_KEY';
      throw new HaleError({ code, message: `'${key}' is no key`, hint: 'a bug' });
    }
  };
  const describe = (key: string): StoredObject | undefined => {
    const found = objects.get(key);
    return found && { key, size: found.body.length, storedAt: found.storedAt };
  };
  return {
    url: 'memory:',
    objects,
    setDown(value) {
      down = value;
    },
    async capabilities() {
      return { versioning: false, objectLock: false, note: 'memory forgets' };
    },
    async putIfAbsent(key, body) {
      answer(key);
      if (objects.has(key)) return 'there';
      objects.set(key, { body: body.slice(), storedAt: wall() });
      return 'stored';
    },
    async get(key, range) {
      answer(key);
      const body = objects.get(key)?.body;
      return body && pieces(body.subarray(range?.from ?? 0, range?.to));
    },
    async head(key) {
      answer(key);
      return describe(key);
    },
    async list(prefix, { after, limit = 1000 } = {}) {
      answer();
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && (after === undefined || key > after));
      const page = keys.sort().slice(0, Math.min(limit, 1000));
      return {
        objects: page.map(describe).filter((object) => object !== undefined),
        next: page.length < keys.length ? page.at(-1) : undefined,
      };
    },
    async delete(key) {
      answer(key);
      objects.delete(key);
    },
  };
}

async function* pieces(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}
